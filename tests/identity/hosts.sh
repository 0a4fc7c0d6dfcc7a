#!/usr/bin/env bash
# The digest over several hosts is that of one: network namespaces joined by a bridge, each with its own host name and
# /dev/shm, so that ranks of two of them share nothing but TCP and the run folder. Uneven ranks a host.
set -u
nodes=3
tag=rb$$
net=10.77.$(($$ % 200)).0/24
prefix=${net%.0/24}
work=$(mktemp -d) || exit 1

undo() {
    for n in $(seq "$nodes"); do ip netns del "$tag-$n" 2>/dev/null; done
    ip link del "$tag" 2>/dev/null
    rm -rf "$work"
}
trap undo EXIT

give_up() {
    echo "no hosts can be made here: $*: this test needs root, iproute2 and network namespaces"
    exit 1
}

make_hosts() {
    [ "$(id -u)" = 0 ] || give_up "not root"
    command -v ip >/dev/null || give_up "no 'ip'"
    ip link add "$tag" type bridge || give_up "no bridge"
    ip link set "$tag" up || give_up "the bridge does not come up"
    ip addr add "$prefix.254/24" dev "$tag" || give_up "no address for the bridge"
    for n in $(seq "$nodes"); do
        ip netns add "$tag-$n" || give_up "no namespace"
        ip link add "$tag.$n" type veth peer name eth0 netns "$tag-$n" || give_up "no pair of links"
        ip link set "$tag.$n" master "$tag" up || give_up "no link into the bridge"
        ip -n "$tag-$n" link set lo up
        ip -n "$tag-$n" link set eth0 up
        ip -n "$tag-$n" addr add "$prefix.$n/24" dev eth0 || give_up "no address"
    done
    cat >"$work/agent" <<AGENT
#!/bin/sh
# mpirun calls: agent HOST COMMAND...
host=\$1
shift
exec ip netns exec "$tag-\${host##*.}" unshare --uts --mount sh -c \\
    'hostname \$0; mount -t tmpfs tmpfs /dev/shm; shift 0; exec sh -c "\$*"' "host-\${host##*.}" "\$@"
AGENT
    chmod +x "$work/agent"
}

# over HOSTS ARGUMENTS...: reelbench on hosts "1:2,2:1" (number of a host: its ranks).
over() {
    local hosts=$1
    shift
    hosts=$(echo "$hosts" | sed "s/\([0-9]*\):/$prefix.\1:/g")
    mpirun --host "$hosts" --mca plm_rsh_agent "$work/agent" --mca plm_rsh_no_tree_spawn 1 \
        --mca orte_keep_fqdn_hostnames 1 --mca oob_tcp_if_include "$net" --mca btl_tcp_if_include "$net" --mca pml ob1 \
        --mca btl tcp,vader,self --bind-to none -x REELBENCH_DATA -x OMP_NUM_THREADS -x OMP_WAIT_POLICY \
        "$REELBENCH" "$@" --threads 1
}

make_hosts
experiment=$RB_SOURCE/tests/identity/reduced.yaml
fail=0
"$REELBENCH" run "$experiment" --output "$work/one" --threads 2 >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
expected=$("$REELBENCH" digest "$work/one"/reduced-* | head -n 1)
echo "one host: $expected"

# check NAME HOSTS N_HOSTS [options...]
check() {
    local name=$1 hosts=$2 n=$3 digest
    shift 3
    if ! timeout 300 bash -c "$(declare -f over); prefix=$prefix net=$net work=$work; over \"\$@\"" - "$hosts" \
        run "$experiment" --output "$work/$name" "$@" >"$work/log" 2>&1; then
        echo "$name: the run failed:"
        cat "$work/log"
        fail=1
        return
    fi
    grep -q "on $n hosts" "$work/log" || {
        echo "$name: it did not run on $n hosts: $(head -n 1 "$work/log")"
        fail=1
    }
    digest=$("$REELBENCH" digest "$work/$name"/reduced-* | head -n 1)
    [ "$digest" = "$expected" ] || {
        echo "$name: digest '$digest', expected '$expected'"
        fail=1
    }
    echo "$name: $digest"
}

check two-hosts 1:2,2:1 2
check three-hosts 1:1,2:2,3:1 3
check three-hosts-in-groups 1:1,2:2,3:1 3 --group-size 2

# A folder that one host began, others go on with: its class and its lock are found.
rm -f "$work"/three-hosts/reduced-*/units/*.fit.h5
check three-hosts 2:1,3:2 2
exit $fail
