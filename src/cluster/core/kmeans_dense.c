#include <string.h>

#include "cluster/core/kmeans_bounds.h"
#include "linalg/distance.h"
#include "linalg/gemm.h"

/* Rows of a group: one packed panel of the product (gemm_kernel.h) with 64-byte vectors. */
#define REAL float
#define NAME(x) x##_f32
#define GROUP 64
#include "cluster/core/kmeans_dense_kernel.h"
#undef REAL
#undef NAME
#undef GROUP

#define REAL double
#define NAME(x) x##_f64
#define GROUP 32
#include "cluster/core/kmeans_dense_kernel.h"
