#include "linalg/gather_syrk.h"

#include "base/status.h"

/* Rows of a register tile of 1, 2, 3 and 4 vectors. */
#if RB_SIMD_BYTES == 64 /* 32 vector registers */
#define MOST_ROWS_1 18
#define MOST_ROWS_2 9
#define MOST_ROWS_3 8
#define MOST_ROWS_4 6
#else /* 16 */
#define MOST_ROWS_1 10
#define MOST_ROWS_2 4
#define MOST_ROWS_3 4
#define MOST_ROWS_4 2
#endif

#define REAL float
#define VECTOR rb_vf32
#define LANES RB_LANES_F32
#define NAME(x) x##_f32
#include "linalg/gather_syrk_kernel.h"
#undef REAL
#undef VECTOR
#undef LANES
#undef NAME

#define REAL double
#define VECTOR rb_vf64
#define LANES RB_LANES_F64
#define NAME(x) x##_f64
#include "linalg/gather_syrk_kernel.h"
