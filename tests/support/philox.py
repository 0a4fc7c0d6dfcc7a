"""The random numbers of base/rng.h, from Random123's and splitmix64's definitions, for naive oracles."""

M64, M32 = (1 << 64) - 1, (1 << 32) - 1


def splitmix(x):
    z = (x + 0x9E3779B97F4A7C15) & M64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


def fnv(text, start, prime, mask):
    for c in text.encode():
        start = ((start ^ c) * prime) & mask
    return start


def named(seed, name):
    """rb_seed_named"""
    return splitmix(splitmix(seed) ^ fnv(name, 14695981039346656037, 1099511628211, M64))


def stream(name):
    """rb_stream"""
    return fnv(name, 2166136261, 16777619, M32)


def philox(counter, key):
    """Philox 4x32-10"""
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & M32, (a >> 32) ^ c[3] ^ k[1], a & M32]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return c


def bits(seed, name, epoch, entity, draw):
    """64 bits of the stream `name` under the seed of that name."""
    key = named(seed, name)
    w = philox((draw, entity, epoch << 16, stream(name)), (key & M32, key >> 32))
    return w[0] << 32 | w[1]


def uniform(seed, name, epoch, entity, draw):
    """A number in [0, 1)."""
    return (bits(seed, name, epoch, entity, draw) >> 11) / 2.0 ** 53


def below(seed, name, epoch, entity, draw, n):
    """A whole number below n."""
    return bits(seed, name, epoch, entity, draw) * n >> 64
