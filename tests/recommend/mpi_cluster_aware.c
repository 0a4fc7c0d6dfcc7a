/* Lists by clusters against an election held seat by seat; the rate at its ends; users and items without a cluster. */
#include <math.h>
#include <string.h>

#include "recommend/recommend.h"
#include "support/config.h"
#include "support/contract.h"
#include "support/support.h"

extern const rb_recommender rb_cluster_aware;

enum { N_USERS = RB_CONTRACT_USERS, N_ITEMS = RB_CONTRACT_ITEMS, K_MAX = 16 };

static int32_t label[N_ITEMS];
static int n_clusters;

/* Fitted with the labels above by all ranks together. */
static rb_contract_model fitted(double rate, int preferred, int adjacent)
{
    rb_error err = { 0 };
    rb_train_view view = rb_contract_view;
    rb_contract_model m = rb_contract_model_of(&rb_cluster_aware);
    rb_oracle_set_number(m.config, m.algorithm, "diversification", rate);
    rb_oracle_set_number(m.config, m.algorithm, "preferred", preferred);
    rb_oracle_set_number(m.config, m.algorithm, "adjacent", adjacent);
    view.labels = label;
    rb_ctx ctx = rb_test_ctx;
    assert_ok(m.algorithm->fit(m.state, &view, NULL, m.config, &ctx, &err), &err);
    return m;
}

/* Seven clusters of unequal size with gaps in their numbers, and noise. */
static void usual_labels(void)
{
    n_clusters = 7;
    for (int i = 0; i < N_ITEMS; i++)
        label[i] = i % 11 == 5 ? -1 : (int32_t)((uint32_t)(i * i + 3 * i) % 7u);
}

static int positives_in(int user, int cluster)
{
    const rb_ratings *p = rb_contract_view.positives;
    int n = 0;
    for (int64_t e = p->user_begin[user]; e < p->user_begin[user + 1]; e++)
        n += label[p->user_item[e]] == cluster;
    return n;
}

static double near(int a, int b)
{
    double both = 0, in_a = 0, in_b = 0;
    for (int u = 0; u < N_USERS; u++) {
        bool has_a = positives_in(u, a) > 0, has_b = positives_in(u, b) > 0;
        both += has_a && has_b;
        in_a += has_a;
        in_b += has_b;
    }
    return both > 0 ? both / sqrt(in_a * in_b) : 0;
}

/* The index of the largest value that is not taken, the lowest among equals; -1: none above 0. */
static int largest(const double *value, const bool *taken)
{
    int best = -1;
    for (int c = 0; c < n_clusters; c++)
        if (!taken[c] && value[c] > 0 && (best < 0 || value[c] > value[best]))
            best = c;
    return best;
}

/* Shares written down from their definition. */
static void shares_of(double share[K_MAX], double nearness[K_MAX][K_MAX], int user, double rate, int preferred,
                      int adjacent)
{
    double own[K_MAX], beside[K_MAX] = { 0 }, n = 0, others = 0;
    bool is_preferred[K_MAX] = { false };
    for (int c = 0; c < n_clusters; c++)
        own[c] = positives_in(user, c);
    for (int k = 0; k < preferred; k++) {
        int best = largest(own, is_preferred);
        if (best < 0)
            break;
        is_preferred[best] = true;
        n += own[best];
    }
    for (int p = 0; p < n_clusters; p++) {
        bool taken[K_MAX] = { false };
        taken[p] = true;
        for (int k = 0; k < adjacent && is_preferred[p]; k++) {
            int best = largest(nearness[p], taken);
            if (best < 0)
                break;
            taken[best] = true;
            beside[best] += is_preferred[best] ? 0 : own[p] / n * nearness[p][best];
        }
    }
    for (int c = 0; c < n_clusters; c++)
        others += beside[c];
    rate = others > 0 ? rate : 0;
    for (int c = 0; c < n_clusters; c++)
        share[c] = (is_preferred[c] ? (1 - rate) * own[c] / n : 0) + (others > 0 ? rate * beside[c] / others : 0);
}

static int popularity(int item)
{
    const rb_ratings *p = rb_contract_view.positives;
    return (int)(p->item_begin[item + 1] - p->item_begin[item]);
}

/* The most popular item of a cluster that is not taken; -1. */
static int next_of(int cluster, const bool *taken)
{
    int best = -1;
    for (int i = 0; i < N_ITEMS; i++)
        if (!taken[i] && label[i] == cluster && (best < 0 || popularity(i) > popularity(best)))
            best = i;
    return best;
}

/* Every seat goes to the largest quotient among clusters that have an item left: the model's best item left has that
 * quotient. Returns how many of the first `most` seats went to clusters without positives of the user. */
static int hold_election(const double *score, const double share[K_MAX], int user, const rb_ratings *met, int most)
{
    int given[K_MAX] = { 0 }, n_strange = 0;
    bool taken[N_ITEMS];
    for (int i = 0; i < N_ITEMS; i++)
        taken[i] = rb_ratings_has(met, user, i);
    for (int seat = 0; seat < N_ITEMS; seat++) {
        int best = -1, winner = -1;
        double quotient = 0;
        for (int c = 0; c < n_clusters; c++)
            if (next_of(c, taken) >= 0 && share[c] / (2 * given[c] + 1) > quotient) {
                quotient = share[c] / (2 * given[c] + 1);
                winner = c;
            }
        for (int i = 0; i < N_ITEMS; i++)
            if (!taken[i] && (best < 0 || score[i] > score[best]))
                best = i;
        if (winner < 0) { /* what is left stands below, by popularity */
            assert_true(best < 0 || score[best] < 0);
            for (int i = 0; i < N_ITEMS; i++)
                assert_true(taken[i] || popularity(i) <= popularity(best));
            return n_strange;
        }
        assert_near(score[best], quotient, 1e-12);
        winner = label[best]; /* one of those with this quotient */
        assert_near(share[winner] / (2 * given[winner] + 1), quotient, 1e-12);
        assert_int_equal(popularity(best), popularity(next_of(winner, taken)));
        given[winner]++;
        taken[best] = true;
        n_strange += seat < most && positives_in(user, winner) == 0;
    }
    return n_strange;
}

static void a_list_is_an_election_among_the_users_clusters(void **unused)
{
    (void)unused;
    static const struct {
        double rate;
        int preferred, adjacent;
    } cases[] = { { 0.2, 3, 2 }, { 0.5, 1, 1 }, { 0, 2, 2 }, { 1, 2, 3 }, { 0.3, 9, 9 } };
    static double score[N_USERS * N_ITEMS], nearness[K_MAX][K_MAX];
    usual_labels();
    for (int a = 0; a < n_clusters; a++)
        for (int b = 0; b < n_clusters; b++)
            nearness[a][b] = near(a, b);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        rb_contract_model m = fitted(cases[k].rate, cases[k].preferred, cases[k].adjacent);
        rb_contract_score(score, &m);
        for (int u = 0; u < N_USERS; u++) {
            double share[K_MAX];
            if (rb_contract_view.positives->user_begin[u] == rb_contract_view.positives->user_begin[u + 1])
                continue;
            shares_of(share, nearness, u, cases[k].rate, cases[k].preferred, cases[k].adjacent);
            hold_election(score + (size_t)u * N_ITEMS, share, u, rb_contract_view.ratings, 0);
        }
        rb_contract_model_fini(&m);
    }
}

/* Of one who is folded in the positives are all that is known. */
static void who_is_folded_in_has_an_election_of_his_own(void **unused)
{
    (void)unused;
    static double score[N_ITEMS], nearness[K_MAX][K_MAX];
    const rb_ratings *liked = rb_contract_view.positives;
    rb_error err = { 0 };
    usual_labels();
    for (int a = 0; a < n_clusters; a++)
        for (int b = 0; b < n_clusters; b++)
            nearness[a][b] = near(a, b);
    rb_contract_model m = fitted(0.3, 2, 2);
    for (int u = 0; u < N_USERS; u++) {
        double share[K_MAX];
        const int64_t from = liked->user_begin[u], n = liked->user_begin[u + 1] - from;
        if (n == 0)
            continue;
        shares_of(share, nearness, u, 0.3, 2, 2);
        assert_ok(m.algorithm->fold_in(score, m.state, liked->user_item + from, NULL, n, m.config, &err), &err);
        hold_election(score, share, u, liked, 0);
    }
    rb_contract_model_fini(&m);
}

/* Of two clusters the user knows one: of any n places, a share of the rate, to within one, is of the other. */
static void the_rate_is_the_share_of_places(void **unused)
{
    (void)unused;
    static double score[N_USERS * N_ITEMS];
    double share[K_MAX] = { 0 };
    n_clusters = 2;
    for (int i = 0; i < N_ITEMS; i++)
        label[i] = i % 2;
    rb_contract_model m = fitted(0.3, 1, 1);
    rb_contract_score(score, &m);
    int n_checked = 0;
    for (int u = 0; u < N_USERS; u++) {
        int even = positives_in(u, 0), odd = positives_in(u, 1);
        if (even + odd == 0)
            continue;
        share[0] = even >= odd ? 0.7 : 0.3;
        share[1] = 1 - share[0];
        hold_election(score + (size_t)u * N_ITEMS, share, u, rb_contract_view.ratings, 0);
        int n_beside = 0, seats = 0, unseen[2] = { 0, 0 };
        bool taken[N_ITEMS];
        for (int i = 0; i < N_ITEMS; i++) {
            taken[i] = rb_ratings_has(rb_contract_view.ratings, u, i);
            unseen[i % 2] += !taken[i];
        }
        if (unseen[0] < 20 || unseen[1] < 20) /* a cluster may be used up */
            continue;
        for (; seats < 20; seats++) {
            int best = -1;
            for (int i = 0; i < N_ITEMS; i++)
                if (!taken[i] && (best < 0 || score[u * N_ITEMS + i] > score[u * N_ITEMS + best]))
                    best = i;
            taken[best] = true;
            n_beside += label[best] == (even >= odd);
            assert_true(fabs(n_beside - 0.3 * (seats + 1)) <= 1);
        }
        n_checked++;
    }
    assert_true(n_checked > 100);
    rb_contract_model_fini(&m);
}

/* Without positives: every cluster, by its share of all; without clusters: popularity. */
static void users_and_items_without_a_cluster_have_popularity(void **unused)
{
    (void)unused;
    static double score[N_USERS * N_ITEMS];
    const int stranger = N_USERS - 1;
    double share[K_MAX] = { 0 }, all = 0;
    usual_labels();
    for (int i = 0; i < N_ITEMS; i++)
        all += label[i] >= 0 ? popularity(i) : 0;
    for (int i = 0; i < N_ITEMS; i++)
        if (label[i] >= 0)
            share[label[i]] += popularity(i) / all;
    rb_contract_model m = fitted(0.2, 3, 2);
    rb_contract_score(score, &m);
    hold_election(score + (size_t)stranger * N_ITEMS, share, stranger, rb_contract_view.ratings, 0);
    rb_contract_model_fini(&m);

    for (int i = 0; i < N_ITEMS; i++)
        label[i] = -1;
    m = fitted(0.2, 3, 2);
    rb_contract_score(score, &m);
    for (int i = 0; i < N_ITEMS; i++)
        for (int j = 0; j < N_ITEMS; j++)
            assert_true((popularity(i) > popularity(j)) == (score[i] > score[j]));
    rb_contract_model_fini(&m);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_an_election_among_the_users_clusters),
        cmocka_unit_test(who_is_folded_in_has_an_election_of_his_own),
        cmocka_unit_test(the_rate_is_the_share_of_places),
        cmocka_unit_test(users_and_items_without_a_cluster_have_popularity),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_contract_begin, rb_contract_end));
}
