#include "linalg/distance.h"

#include <math.h>

#include "linalg/gemm_simd.h"

#define STRIP 64 /* dimensions: 2 vectors of rows of it are 8 KiB */

#define REAL float
#define VECTOR rb_vf32
#define LANES RB_LANES_F32
#define FMA fmaf
#define NAME(x) x##_f32
#include "linalg/distance_kernel.h"
#undef REAL
#undef VECTOR
#undef LANES
#undef FMA
#undef NAME

#define REAL double
#define VECTOR rb_vf64
#define LANES RB_LANES_F64
#define FMA fma
#define NAME(x) x##_f64
#include "linalg/distance_kernel.h"
