// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/detect/estimate.h"

#include <math.h>

/* P(a, x): the lower regularised incomplete gamma function, for a >= 1, x >= 0. */
static double gamma_lower(double a, double x)
{
	if (x <= 0)
		return 0;
	double scale = exp(a * log(x) - x - lgamma(a));
	if (x < a + 1) {
		double term = 1 / a, sum = term;
		for (double n = a + 1; term > sum * 1e-15; n++) {
			term *= x / n;
			sum += term;
		}
		return fmin(sum * scale, 1);
	}
	/* Lentz's method for the continued fraction of the upper function. */
	double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
	for (int i = 1; i < 100000; i++) {
		double an = -i * (i - a);
		b += 2;
		d = 1 / (an * d + b);
		c = b + an / c;
		double change = c * d;
		h *= change;
		if (fabs(change - 1) < 1e-14)
			break;
	}
	return 1 - scale * h;
}

/* The x at which P(a, x) is p. */
static double gamma_quantile(double a, double p)
{
	double low = 0, high = a + 10 * sqrt(a) + 20;
	for (int i = 0; i < 200; i++) {
		double middle = (low + high) / 2;
		if (gamma_lower(a, middle) < p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

void ww_poisson_interval(uint64_t count, double *ret_low, double *ret_high)
{
	*ret_low = count ? gamma_quantile((double)count, 0.025) : 0;
	*ret_high = gamma_quantile((double)count + 1, 0.975);
}

struct ww_reproduction ww_reproduction(const uint64_t *generations, size_t n)
{
	uint64_t hosts = 0, victims = 0;
	for (size_t g = 0; g + 2 < n; g++) {
		hosts += generations[g];
		victims += generations[g + 1];
	}
	if (hosts < WW_REPRODUCTION_HOSTS)
		return (struct ww_reproduction){NAN, NAN, NAN};
	struct ww_reproduction r;
	ww_poisson_interval(victims, &r.low, &r.high);
	r.mean = (double)victims / (double)hosts;
	r.low /= (double)hosts;
	r.high /= (double)hosts;
	return r;
}

double ww_doubling_s(const int64_t *times_us, size_t n)
{
	if (n < WW_DOUBLING_HOSTS)
		return NAN;
	size_t used = n / 2 > WW_DOUBLING_HOSTS ? n / 2 : WW_DOUBLING_HOSTS;
	double sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
	for (size_t i = 0; i < used; i++) {
		double x = ((double)times_us[i] - (double)times_us[0]) / 1e6;
		double y = log((double)i + 1);
		sum_x += x;
		sum_y += y;
		sum_xx += x * x;
		sum_xy += x * y;
	}
	double m = (double)used;
	double spread = sum_xx - sum_x * sum_x / m;
	double slope = (sum_xy - sum_x * sum_y / m) / spread;
	return spread > 0 && slope > 0 ? log(2) / slope : NAN;
}
