/*
 * Counter-based random numbers: Philox 4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405), Random123.
 *
 * A number is a pure function of (key, stream, epoch, entity, draw), never of rank, thread or time: the
 * counter is (draw, low 32 bits of entity, high 16 bits of entity with 16 bits of epoch, stream). So any
 * rank can compute any number, and the same numbers come out for any partition.
 */
#ifndef RB_BASE_RNG_H
#define RB_BASE_RNG_H

#include <stdint.h>

/* A place in the space of random numbers: the same for all draws of one entity. */
typedef struct {
    uint64_t key;    /* seed of the trial or of the data */
    uint32_t stream; /* what the numbers are for; a constant of the code, RB_STREAM(name) */
    uint32_t epoch;  /* iteration, fold, attempt; < 2^16 */
    uint64_t entity; /* user, item, row; < 2^48 */
} rb_rng;

/** A stream's number from its name (FNV-1a): streams of different names do not meet. */
uint32_t rb_stream(const char *name);

/** Four independent 32-bit words of draw number `draw`. */
void rb_rng_words(uint32_t out[4], const rb_rng *rng, uint32_t draw);

/** 64 random bits. */
uint64_t rb_rng_bits(const rb_rng *rng, uint32_t draw);

/** Uniform in [0, 1), 53 bits. */
double rb_rng_uniform(const rb_rng *rng, uint32_t draw);

/** Uniform integer in [0, n), n >= 1, by multiply-shift of 64 bits (bias below n / 2^64). */
int64_t rb_rng_below(const rb_rng *rng, uint32_t draw, int64_t n);

/** Standard normal by Box-Muller on one draw. */
double rb_rng_normal(const rb_rng *rng, uint32_t draw);

/** Mix of two 64-bit values (splitmix64 finaliser): seeds from seeds, tie hashes. */
uint64_t rb_mix(uint64_t a, uint64_t b);

/** The splitmix64 step from state x: number n of the sequence of seed 0 is rb_splitmix(n 0x9E3779B97F4A7C15). */
uint64_t rb_splitmix(uint64_t x);

/** Seed derived from a seed and a name: H(experiment seed, "split"), H(experiment seed, "ties"). */
uint64_t rb_seed_named(uint64_t seed, const char *name);

#endif
