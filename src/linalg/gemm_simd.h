/*
 * The widest vectors of the machine that the build is for, and the few operations on them that gcc's operators
 * lack. Kernels are written once against these names and instanced for float and double.
 *
 * rb_fma_* is a b + c and rb_fnma_* is c - a b, in one rounding on every machine: the instruction where there is one,
 * fma() of libm elsewhere.
 */
#ifndef RB_LINALG_GEMM_SIMD_H
#define RB_LINALG_GEMM_SIMD_H

#include <stdint.h>
#include <string.h>

#ifdef __AVX2__
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define RB_SIMD_BYTES 64
#elif defined(__AVX2__)
#define RB_SIMD_BYTES 32
#else
#define RB_SIMD_BYTES 16
#endif
#define RB_LANES_F32 (RB_SIMD_BYTES / 4)
#define RB_LANES_F64 (RB_SIMD_BYTES / 8)

typedef float rb_vf32 __attribute__((vector_size(RB_SIMD_BYTES)));
typedef double rb_vf64 __attribute__((vector_size(RB_SIMD_BYTES)));
typedef int32_t rb_vi32 __attribute__((vector_size(RB_SIMD_BYTES)));
typedef int64_t rb_vi64 __attribute__((vector_size(RB_SIMD_BYTES)));

#define RB_INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__)
RB_INLINE rb_vf32 rb_fma_f32(rb_vf32 a, rb_vf32 b, rb_vf32 c)
{
    return (rb_vf32)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
RB_INLINE rb_vf64 rb_fma_f64(rb_vf64 a, rb_vf64 b, rb_vf64 c)
{
    return (rb_vf64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
RB_INLINE rb_vf32 rb_fnma_f32(rb_vf32 a, rb_vf32 b, rb_vf32 c)
{
    return (rb_vf32)_mm512_fnmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
RB_INLINE rb_vf32 rb_sqrt_f32(rb_vf32 a)
{
    return (rb_vf32)_mm512_sqrt_ps((__m512)a);
}
RB_INLINE rb_vf64 rb_fnma_f64(rb_vf64 a, rb_vf64 b, rb_vf64 c)
{
    return (rb_vf64)_mm512_fnmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
RB_INLINE rb_vf64 rb_sqrt_f64(rb_vf64 a)
{
    return (rb_vf64)_mm512_sqrt_pd((__m512d)a);
}
#elif defined(__AVX2__) && defined(__FMA__)
RB_INLINE rb_vf32 rb_fma_f32(rb_vf32 a, rb_vf32 b, rb_vf32 c)
{
    return (rb_vf32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
RB_INLINE rb_vf64 rb_fma_f64(rb_vf64 a, rb_vf64 b, rb_vf64 c)
{
    return (rb_vf64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
RB_INLINE rb_vf32 rb_fnma_f32(rb_vf32 a, rb_vf32 b, rb_vf32 c)
{
    return (rb_vf32)_mm256_fnmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
RB_INLINE rb_vf32 rb_sqrt_f32(rb_vf32 a)
{
    return (rb_vf32)_mm256_sqrt_ps((__m256)a);
}
RB_INLINE rb_vf64 rb_fnma_f64(rb_vf64 a, rb_vf64 b, rb_vf64 c)
{
    return (rb_vf64)_mm256_fnmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
RB_INLINE rb_vf64 rb_sqrt_f64(rb_vf64 a)
{
    return (rb_vf64)_mm256_sqrt_pd((__m256d)a);
}
#else
RB_INLINE rb_vf32 rb_fma_f32(rb_vf32 a, rb_vf32 b, rb_vf32 c)
{
    for (int i = 0; i < RB_LANES_F32; i++)
        c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return c;
}
RB_INLINE rb_vf64 rb_fma_f64(rb_vf64 a, rb_vf64 b, rb_vf64 c)
{
    for (int i = 0; i < RB_LANES_F64; i++)
        c[i] = __builtin_fma(a[i], b[i], c[i]);
    return c;
}
RB_INLINE rb_vf32 rb_fnma_f32(rb_vf32 a, rb_vf32 b, rb_vf32 c)
{
    return rb_fma_f32(-a, b, c);
}
RB_INLINE rb_vf32 rb_sqrt_f32(rb_vf32 a)
{
    for (int i = 0; i < RB_LANES_F32; i++)
        a[i] = __builtin_sqrtf(a[i]);
    return a;
}
RB_INLINE rb_vf64 rb_fnma_f64(rb_vf64 a, rb_vf64 b, rb_vf64 c)
{
    return rb_fma_f64(-a, b, c);
}
RB_INLINE rb_vf64 rb_sqrt_f64(rb_vf64 a)
{
    for (int i = 0; i < RB_LANES_F64; i++)
        a[i] = __builtin_sqrt(a[i]);
    return a;
}
#endif

RB_INLINE rb_vf32 rb_load_f32(const float *p)
{
    rb_vf32 v;
    memcpy(&v, p, sizeof v);
    return v;
}
RB_INLINE rb_vf64 rb_load_f64(const double *p)
{
    rb_vf64 v;
    memcpy(&v, p, sizeof v);
    return v;
}
RB_INLINE void rb_store_f32(float *p, rb_vf32 v)
{
    memcpy(p, &v, sizeof v);
}
RB_INLINE void rb_store_f64(double *p, rb_vf64 v)
{
    memcpy(p, &v, sizeof v);
}
/* x + 0 would turn -0 into 0, x - 0 keeps every value: the broadcast that gcc turns into one instruction. */
RB_INLINE rb_vf32 rb_splat_f32(float x)
{
    return x - (rb_vf32){ 0 };
}
RB_INLINE rb_vf64 rb_splat_f64(double x)
{
    return x - (rb_vf64){ 0 };
}

/*
 * The sums of the lanes of four vectors, in one fixed order for each width of a vector: first inside groups of 16
 * bytes, so that the four sums come out side by side.
 */
#if defined(__AVX512F__)
RB_INLINE void rb_sum4_f32(float out[4], const rb_vf32 v[4])
{
    __m512 a = (__m512)v[0], b = (__m512)v[1], c = (__m512)v[2], d = (__m512)v[3];
    a = _mm512_unpacklo_ps(a, b) + _mm512_unpackhi_ps(a, b);
    c = _mm512_unpacklo_ps(c, d) + _mm512_unpackhi_ps(c, d);
    __m512d e = (__m512d)a, f = (__m512d)c;
    a = (__m512)_mm512_unpacklo_pd(e, f) + (__m512)_mm512_unpackhi_pd(e, f);
    __m256 half = _mm512_castps512_ps256(a) + _mm256_castpd_ps(_mm512_extractf64x4_pd((__m512d)a, 1));
    _mm_storeu_ps(out, _mm256_castps256_ps128(half) + _mm256_extractf128_ps(half, 1));
}
RB_INLINE void rb_sum4_f64(double out[4], const rb_vf64 v[4])
{
    __m512d a = (__m512d)v[0], b = (__m512d)v[1], c = (__m512d)v[2], d = (__m512d)v[3];
    a = _mm512_unpacklo_pd(a, b) + _mm512_unpackhi_pd(a, b);
    c = _mm512_unpacklo_pd(c, d) + _mm512_unpackhi_pd(c, d);
    __m256d e = _mm512_castpd512_pd256(a) + _mm512_extractf64x4_pd(a, 1);
    __m256d f = _mm512_castpd512_pd256(c) + _mm512_extractf64x4_pd(c, 1);
    _mm256_storeu_pd(out, _mm256_permute2f128_pd(e, f, 0x20) + _mm256_permute2f128_pd(e, f, 0x31));
}
#else
#define RB_SUM4(name, vector, type, lanes)              \
    RB_INLINE void name(type out[4], const vector v[4]) \
    {                                                   \
        for (int e = 0; e < 4; e++) {                   \
            type sum = v[e][0];                         \
            for (int i = 1; i < (lanes); i++)           \
                sum += v[e][i];                         \
            out[e] = sum;                               \
        }                                               \
    }
RB_SUM4(rb_sum4_f32, rb_vf32, float, RB_LANES_F32)
RB_SUM4(rb_sum4_f64, rb_vf64, double, RB_LANES_F64)
#endif

/* Lane e of the result is lane mask[e] of a and b one after the other; gcc makes it one instruction. */
#ifdef __clang__
#define RB_PERMUTE(name, vector, mask_vector, lanes)                        \
    RB_INLINE vector name(vector a, vector b, mask_vector mask)             \
    {                                                                       \
        vector out = a;                                                     \
        for (int e = 0; e < (lanes); e++)                                   \
            out[e] = mask[e] < (lanes) ? a[mask[e]] : b[mask[e] - (lanes)]; \
        return out;                                                         \
    }
#else
#define RB_PERMUTE(name, vector, mask_vector, lanes)            \
    RB_INLINE vector name(vector a, vector b, mask_vector mask) \
    {                                                           \
        return __builtin_shuffle(a, b, mask);                   \
    }
#endif
RB_PERMUTE(rb_permute_f32, rb_vf32, rb_vi32, RB_LANES_F32)
RB_PERMUTE(rb_permute_f64, rb_vf64, rb_vi64, RB_LANES_F64)

/*
 * Transpose a square of vectors in place: log2(lanes) butterfly stages, lanes shuffles each. Stage s exchanges bit s
 * of the row number with bit s of the column number.
 */
#define RB_LOW(e, s, n) ((e) & (s) ? (n) + (e) - (s) : (e))
#define RB_HIGH(e, s, n) ((e) & (s) ? (n) + (e) : (e) + (s))
#define RB_PICK16(F, s, n)                                                                                          \
    {                                                                                                               \
        F(0, s, n), F(1, s, n), F(2, s, n), F(3, s, n), F(4, s, n), F(5, s, n), F(6, s, n), F(7, s, n), F(8, s, n), \
            F(9, s, n), F(10, s, n), F(11, s, n), F(12, s, n), F(13, s, n), F(14, s, n), F(15, s, n)                \
    }
#define RB_TRANSPOSE(name, permute, vector, mask_vector, mask_type, lanes)                                   \
    RB_INLINE void name(vector x[lanes])                                                                     \
    {                                                                                                        \
        static const mask_type low[4][16] = { RB_PICK16(RB_LOW, 1, lanes), RB_PICK16(RB_LOW, 2, lanes),      \
                                              RB_PICK16(RB_LOW, 4, lanes), RB_PICK16(RB_LOW, 8, lanes) };    \
        static const mask_type high[4][16] = { RB_PICK16(RB_HIGH, 1, lanes), RB_PICK16(RB_HIGH, 2, lanes),   \
                                               RB_PICK16(RB_HIGH, 4, lanes), RB_PICK16(RB_HIGH, 8, lanes) }; \
        _Pragma("GCC unroll 4") for (int bit = 0; (1 << bit) < (lanes); bit++)                               \
        {                                                                                                    \
            mask_vector to_low, to_high;                                                                     \
            memcpy(&to_low, low[bit], sizeof to_low);                                                        \
            memcpy(&to_high, high[bit], sizeof to_high);                                                     \
            _Pragma("GCC unroll 16") for (int i = 0; i < (lanes); i++)                                       \
            {                                                                                                \
                if (i & (1 << bit))                                                                          \
                    continue;                                                                                \
                vector a = x[i], b = x[i | (1 << bit)];                                                      \
                x[i] = permute(a, b, to_low);                                                                \
                x[i | (1 << bit)] = permute(a, b, to_high);                                                  \
            }                                                                                                \
        }                                                                                                    \
    }
RB_TRANSPOSE(rb_transpose_f32, rb_permute_f32, rb_vf32, rb_vi32, int32_t, RB_LANES_F32)
RB_TRANSPOSE(rb_transpose_f64, rb_permute_f64, rb_vf64, rb_vi64, int64_t, RB_LANES_F64)

#endif
