#!/usr/bin/env python3
"""What trec_eval says of exported lists, for tests/cli/export.sh: trec.json.

    python tests/golden/generate_trec.py RUN QRELS GRADED > tests/golden/trec.json

The files are those of the experiment `trec` in tests/cli/export.sh: the lists of popularity on ml-latest-small, 20 places
long, and what is relevant, with levels of one and of gains. pytrec_eval runs trec_eval's own code. Values are means over
the users of the file; the digests say which files were judged.
"""

import hashlib
import importlib.metadata
import json
import pathlib
import platform
import sys

import pytrec_eval

PACKAGE = "pytrec-eval-terrier"
ONE = {"ndcg_cut_10": "ndcg:bin-min@10", "map_cut_20": "map:rel@20", "recall_10": "recall:rel@10",
       "P_10": "precision:k@10", "recip_rank": "mrr:k@20", "success_10": "hit_rate@10"}
GRADED = {"ndcg_cut_10": "ndcg:exp-min@10"}


def judged(run, qrels, names):
    with open(run) as lists, open(qrels) as relevant:
        judge = pytrec_eval.RelevanceEvaluator(pytrec_eval.parse_qrel(relevant), {"ndcg_cut", "map_cut", "recall", "P",
                                                                                  "recip_rank", "success"})
        users = judge.evaluate(pytrec_eval.parse_run(lists)).values()
    return {ours: sum(user[theirs] for user in users) / len(users) for theirs, ours in names.items()}


def main():
    run, one, graded = sys.argv[1:]
    out = {
        "made_by": "tests/golden/generate_trec.py",
        "versions": {PACKAGE: importlib.metadata.version(PACKAGE), "python": platform.python_version()},
        "sha256": [hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest() for path in (run, one, graded)],
        "values": judged(run, one, ONE) | judged(run, graded, GRADED),
    }
    json.dump(out, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
