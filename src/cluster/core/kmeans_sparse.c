#include <string.h>

#include "cluster/core/kmeans_bounds.h"
#include "linalg/gemm_simd.h"

#define REAL float
#define VECTOR rb_vf32
#define LANES RB_LANES_F32
#define FMA fmaf
#define TOGETHER 16
#define NAME(x) x##_f32
#include "cluster/core/kmeans_sparse_kernel.h"
#undef REAL
#undef VECTOR
#undef LANES
#undef FMA
#undef TOGETHER
#undef NAME

#define REAL double
#define VECTOR rb_vf64
#define LANES RB_LANES_F64
#define FMA fma
#define TOGETHER 8
#define NAME(x) x##_f64
#include "cluster/core/kmeans_sparse_kernel.h"
