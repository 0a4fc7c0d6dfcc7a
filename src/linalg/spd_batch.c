#include "linalg/spd_batch.h"

#include <float.h>

#define REAL float
#define VECTOR rb_vf32
#define MASK rb_vi32
#define LANES RB_LANES_F32
#define LARGEST FLT_MAX
#define NAME(x) x##_f32
#include "linalg/spd_batch_kernel.h"
#undef REAL
#undef VECTOR
#undef MASK
#undef LANES
#undef LARGEST
#undef NAME

#define REAL double
#define VECTOR rb_vf64
#define MASK rb_vi64
#define LANES RB_LANES_F64
#define LARGEST DBL_MAX
#define NAME(x) x##_f64
#include "linalg/spd_batch_kernel.h"
