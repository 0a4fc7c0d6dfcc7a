/* The planted truth behind clicks. */
#include "data/synth_world.h"

rb_status rb_synth_clicks(float *out, const rb_synth *config, uint64_t seed, const int64_t *users, int32_t n_users,
                          const int64_t *items, int32_t n_items, rb_error *err)
{
    rb_world world = { 0 };
    rb_synth_user user = { 0 };
    RB_TRY(rb_world_init(&world, config, rb_seed_named(seed, "synthetic"), err));
    RB_TRY(rb_synth_user_alloc(&user, &world, err));
    for (int64_t u = 0; u < n_users; u++) {
        rb_synth_user_make(&user, &world, (int32_t)users[u]);
        for (int64_t i = 0; i < n_items; i++)
            out[u * n_items + i] = rb_synth_accept(&world, rb_synth_taste(&world, &user, (int32_t)items[i]));
    }
done:
    rb_synth_user_fini(&user);
    rb_world_fini(&world);
    return err->status;
}
