#include <string.h>

#include "cluster/core/kmeans_bounds.h"
#include "linalg/distance.h"
#include "linalg/gemm.h"
#include "linalg/gemm_simd.h"

/* Lane by lane: the first where the mask says so. */
#define PICK(mask, a, b) ((VECTOR)(((MASK)(a) & (mask)) | ((MASK)(b) & ~(mask))))

#define AHEAD 16 /* rows fetched before their use */
#define MANY 512 /* rows whose distances are computed in one call */

/* Rows of a group: one packed panel of the product (gemm_kernel.h) with 64-byte vectors. */
#define REAL float
#define VECTOR rb_vf32
#define MASK rb_vi32
#define LANES RB_LANES_F32
#define GROUP 64
#define TOGETHER RB_DISTANCE_TOGETHER_F32
#define NAME(x) x##_f32
#include "cluster/core/kmeans_dense_kernel.h"
#undef REAL
#undef VECTOR
#undef MASK
#undef LANES
#undef GROUP
#undef TOGETHER
#undef NAME

#define REAL double
#define VECTOR rb_vf64
#define MASK rb_vi64
#define LANES RB_LANES_F64
#define GROUP 32
#define TOGETHER RB_DISTANCE_TOGETHER_F64
#define NAME(x) x##_f64
#include "cluster/core/kmeans_dense_kernel.h"
