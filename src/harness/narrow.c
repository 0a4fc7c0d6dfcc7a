/* What an entry can do follows from the entries that it goes on asking. */
#include "harness/experiment_reader.h"

/*
 * An ensemble, which goes on asking its models, ranks where all of them do, and likewise predicts. One that learns from
 * users of the validation part asks none that has: what that one says of them it was told.
 */
rb_status rb_reader_narrow(rb_reader *r, rb_entry *entry)
{
    const rb_algorithm *a = entry->algorithm;
    const bool learns = rb_entry_learns(entry);
    entry->taught = learns;
    for (int32_t s = 0; a->attach && s < entry->n_sweeps; s++) {
        const rb_sweep *sweep = &entry->sweep[s];
        const rb_entry *taught = NULL;
        for (int64_t o = 0; o < sweep->n; o++) {
            bool asked = sweep->param->kind == RB_PARAM_MODEL && !sweep->reranks;
            const rb_entry *target =
                asked && sweep->option[o].target >= 0 ? &r->e->entry[sweep->option[o].target] : NULL;
            if (!target || rb_experiment_gives_labels(a, target->algorithm))
                continue;
            entry->can &= target->can | ~RB_CAN_BE_ASKED;
            taught = target->taught ? target : taught;
        }
        entry->taught = entry->taught || taught;
        if (learns && taught)
            RB_TRY(RB_COMPLAIN(r, sweep->at,
                               "'%s.%s' is '%s', which has learned from the users of the validation part that '%s' "
                               "learns from: name models that have not",
                               a->name, sweep->param->name, taught->name, entry->name));
    }
    if (a->can & RB_CAN_BE_ASKED && !(entry->can & RB_CAN_BE_ASKED))
        RB_TRY(RB_COMPLAIN(r, entry->at, "the models of '%s' neither all rank items nor all predict ratings",
                           entry->name));
    else if (entry->reranks && !(entry->can & RB_CAN_RANK))
        RB_TRY(RB_COMPLAIN(r, entry->at, "'%s' ranks no items: it has no lists to re-rank", entry->name));
done:
    return r->err->status;
}
