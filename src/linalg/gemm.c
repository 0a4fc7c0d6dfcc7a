#include "linalg/gemm.h"

#include "linalg/gemm_simd.h"

#if RB_SIMD_BYTES == 64 /* 32 vector registers */
#define TILE_ROWS 6
#define TILE_VECTORS 4
#else /* 16 */
#define TILE_ROWS 4
#define TILE_VECTORS 3
#endif

#define REAL float
#define VECTOR rb_vf32
#define LANES RB_LANES_F32
#define NAME(x) x##_f32
#include "linalg/gemm_kernel.h"
#undef REAL
#undef VECTOR
#undef LANES
#undef NAME

#define REAL double
#define VECTOR rb_vf64
#define LANES RB_LANES_F64
#define NAME(x) x##_f64
#include "linalg/gemm_kernel.h"
