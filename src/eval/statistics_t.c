/* Student's t distribution: tails by the incomplete beta function, quantiles by bisection. */
#include "eval/statistics.h"

#include <float.h>
#include <math.h>

/* log(Gamma(a + 1/2) / Gamma(a)): where a is large, the difference of two logarithms would lose digits. */
static double log_gamma_step(double a)
{
    if (a < 40) {
        int sign;
        return lgamma_r(a + 0.5, &sign) - lgamma_r(a, &sign);
    }
    double r = 1 / a, r2 = r * r;
    return 0.5 * log(a) - r * (1.0 / 8 - r2 * (1.0 / 192 - r2 * (1.0 / 640 - r2 * 17.0 / 14336)));
}

/* Continued fraction of the incomplete beta function by Lentz's method (Abramowitz and Stegun 26.5.8). */
static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), h = d;
    for (int m = 1; m < 10000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / (1 + even * d);
        c = 1 + even / c;
        h *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / (1 + odd * d);
        c = 1 + odd / c;
        h *= d * c;
        if (fabs(d * c - 1) < DBL_EPSILON)
            break;
    }
    return h;
}

/* I_x(df / 2, 1 / 2) with x = df / (df + t^2). */
double rb_t_two_sided(double t, double df)
{
    if (isnan(t))
        return NAN;
    if (isinf(t))
        return 0.0;
    double a = df / 2, square = t * t, x = df / (df + square), rest = square / (df + square);
    if (rest == 0)
        return 1.0;
    /* x^a (1 - x)^(1/2) / B(a, 1/2), with Gamma(1/2) = sqrt(pi) */
    double front =
        exp(-a * log1p(square / df) + 0.5 * log(rest) + log_gamma_step(a) - 0.5 * log(3.14159265358979323846));
    if (x < (a + 1) / (a + 2.5))
        return front * beta_fraction(a, 0.5, x) / a;
    return 1.0 - front * beta_fraction(0.5, a, rest) / 0.5;
}

double rb_t_quantile(double p, double df)
{
    double tail = 2 * (p < 0.5 ? p : 1 - p), low = 0, high = 1;
    while (rb_t_two_sided(high, df) > tail && high < DBL_MAX / 4)
        high *= 2;
    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            break;
        if (rb_t_two_sided(middle, df) > tail)
            low = middle;
        else
            high = middle;
    }
    return p < 0.5 ? -high : high;
}
