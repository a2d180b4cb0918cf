/* What stands between the matrix products of one decoder block, forward and backward, fused: norms, rotary
   positions, causal attention, the gate of the feed-forward. Activations are bfloat16 in memory, float in registers.
   Built by fast.py with the C compiler of the machine; one thread. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 32 /* of a head */
#define ROWS 8  /* queries that are worked on together */
typedef float v16 __attribute__((vector_size(64), aligned(4)));
typedef uint16_t bf16;

static inline float up(bf16 x) {
    union { uint32_t i; float f; } u = {(uint32_t)x << 16};
    return u.f;
}
static inline bf16 down(float x) {
    union { float f; uint32_t i; } u = {x};
    return (bf16)((u.i + 0x7fff + ((u.i >> 16) & 1)) >> 16);
}

/* x += change (may be null); out = x / rms(x) * weight; inverse = 1 / rms(x) */
void add_norm(float *x, const bf16 *change, const float *weight, bf16 *out, float *inverse, float eps, long n, long h) {
    for (long i = 0; i < n; i++, x += h, out += h) {
        float sum = 0;
        if (change)
            for (long j = 0; j < h; j++) x[j] += up(change[i * h + j]);
        for (long j = 0; j < h; j++) sum += x[j] * x[j];
        float r = inverse[i] = 1 / sqrtf(sum / h + eps);
        for (long j = 0; j < h; j++) out[j] = down(x[j] * r * weight[j]);
    }
}

/* dx += what comes through the norm; rounded = dx for the next products; x is the norm's input */
void norm_back(float *dx, bf16 *rounded, const float *x, const bf16 *dout, const float *weight, float *dweight, const float *inverse, long n, long h) {
    for (long i = 0; i < n; i++, dx += h, x += h, dout += h, rounded += h) {
        float r = inverse[i], sum = 0;
        for (long j = 0; j < h; j++) {
            float g = up(dout[j]);
            sum += g * weight[j] * x[j];
            dweight[j] += g * x[j] * r;
        }
        sum *= r * r * r / h;
        for (long j = 0; j < h; j++) {
            dx[j] += up(dout[j]) * weight[j] * r - x[j] * sum;
            rounded[j] = down(dx[j]);
        }
    }
}

void gate(const bf16 *gu, bf16 *out, long n, long f) {
    for (long i = 0; i < n; i++, gu += 2 * f, out += f)
        for (long j = 0; j < f; j++) {
            float g = up(gu[j]);
            out[j] = down(g / (1 + expf(-g)) * up(gu[f + j]));
        }
}

void gate_back(const bf16 *gu, const bf16 *dout, bf16 *dgu, long n, long f) {
    for (long i = 0; i < n; i++, gu += 2 * f, dgu += 2 * f, dout += f)
        for (long j = 0; j < f; j++) {
            float g = up(gu[j]), u = up(gu[f + j]), d = up(dout[j]), s = 1 / (1 + expf(-g));
            dgu[j] = down(d * u * s * (1 + g * (1 - s)));
            dgu[f + j] = down(d * g * s);
        }
}

/* One head of one sequence out of the rows of qkv: biased, turned by its positions where cos is given. */
static void take(const bf16 *from, long stride, const float *bias, const float *cos, const float *sin, float scale, float *to, long t) {
    for (long i = 0; i < t; i++, from += stride, to += SIZE) {
        float x[SIZE];
        for (int d = 0; d < SIZE; d++) x[d] = (up(from[d]) + bias[d]) * scale;
        if (!cos) memcpy(to, x, sizeof x);
        else
            for (int d = 0; d < SIZE / 2; d++) {
                float c = cos[i * SIZE + d], s = sin[i * SIZE + d];
                to[d] = x[d] * c - x[d + SIZE / 2] * s;
                to[d + SIZE / 2] = x[d + SIZE / 2] * c + x[d] * s;
            }
    }
}
static void give_back(float *grad, const float *cos, const float *sin, float scale, bf16 *to, long stride, float *dbias, long t) {
    for (long i = 0; i < t; i++, to += stride, grad += SIZE) {
        float x[SIZE];
        if (!cos) memcpy(x, grad, sizeof x);
        else
            for (int d = 0; d < SIZE / 2; d++) {
                float c = cos[i * SIZE + d], s = sin[i * SIZE + d];
                x[d] = grad[d] * c + grad[d + SIZE / 2] * s;
                x[d + SIZE / 2] = grad[d + SIZE / 2] * c - grad[d] * s;
            }
        for (int d = 0; d < SIZE; d++) {
            x[d] *= scale;
            dbias[d] += x[d];
            to[d] = down(x[d]);
        }
    }
}
static void turned(const float *x, float *out, long t) {
    for (long i = 0; i < t; i++)
        for (int d = 0; d < SIZE; d++) out[d * t + i] = x[i * SIZE + d];
}

/* out[r][j] = rows[r] . columns[.][j] for ROWS rows and j < width, a multiple of 16 */
static inline void dots(const float *rows, const float *columns, long t, long width, float *out) {
    for (long j = 0; j < width; j += 16) {
        v16 sum[ROWS] = {0};
        for (int d = 0; d < SIZE; d++) {
            v16 column = *(const v16 *)(columns + d * t + j);
            for (int r = 0; r < ROWS; r++) sum[r] += rows[r * SIZE + d] * column;
        }
        for (int r = 0; r < ROWS; r++) *(v16 *)(out + r * t + j) = sum[r];
    }
}
/* out[r] = sum over j of shares[r][j] * values[j] */
static inline void mix(const float *shares, const float *values, long t, long width, float *out) {
    v16 low[ROWS] = {0}, high[ROWS] = {0};
    for (long j = 0; j < width; j++) {
        v16 a = *(const v16 *)(values + j * SIZE), b = *(const v16 *)(values + j * SIZE + 16);
        for (int r = 0; r < ROWS; r++) {
            float s = shares[r * t + j];
            low[r] += s * a;
            high[r] += s * b;
        }
    }
    for (int r = 0; r < ROWS; r++) {
        *(v16 *)(out + r * SIZE) = low[r];
        *(v16 *)(out + r * SIZE + 16) = high[r];
    }
}
/* sums[j] += sum over r of shares[r][j] * rows[r] */
static inline void spread(const float *shares, const float *rows, long t, long width, float *sums) {
    v16 low[ROWS], high[ROWS];
    for (int r = 0; r < ROWS; r++) low[r] = *(const v16 *)(rows + r * SIZE), high[r] = *(const v16 *)(rows + r * SIZE + 16);
    for (long j = 0; j < width; j++) {
        v16 a = *(v16 *)(sums + j * SIZE), b = *(v16 *)(sums + j * SIZE + 16);
        for (int r = 0; r < ROWS; r++) {
            float s = shares[r * t + j];
            a += s * low[r];
            b += s * high[r];
        }
        *(v16 *)(sums + j * SIZE) = a;
        *(v16 *)(sums + j * SIZE + 16) = b;
    }
}
static inline long seen(long first, long t) { return (first + ROWS + 15) / 16 * 16 < t ? (first + ROWS + 15) / 16 * 16 : t; }

/* qkv: (batch, t, (heads + 2 kv) * SIZE); t is a multiple of 16. logs: (batch, heads, t) of the sums under the softmax */
void attend(const bf16 *qkv, const float *bias, const float *cos, const float *sin, bf16 *out, float *logs, long batch, long t, long heads, long kv) {
    long stride = (heads + 2 * kv) * SIZE, group = heads / kv;
    float *q = aligned_alloc(64, sizeof(float) * t * (SIZE * 4 + ROWS)), *k = q + t * SIZE, *kt = k + t * SIZE, *v = kt + t * SIZE, *s = v + t * SIZE;
    for (long b = 0; b < batch; b++, qkv += t * stride, cos += t * SIZE, sin += t * SIZE)
        for (long h = 0; h < heads; h++) {
            long shared = h / group;
            take(qkv + h * SIZE, stride, bias + h * SIZE, cos, sin, 1 / sqrtf(SIZE), q, t);
            if (h % group == 0) {
                take(qkv + (heads + shared) * SIZE, stride, bias + (heads + shared) * SIZE, cos, sin, 1, k, t);
                take(qkv + (heads + kv + shared) * SIZE, stride, bias + (heads + kv + shared) * SIZE, 0, 0, 1, v, t);
                turned(k, kt, t);
            }
            for (long i = 0; i < t; i += ROWS) {
                long width = seen(i, t);
                float mixed[ROWS * SIZE];
                dots(q + i * SIZE, kt, t, width, s);
                for (int r = 0; r < ROWS; r++) {
                    float *row = s + r * t, most = row[0], sum = 0;
                    for (long j = i + r + 1; j < width; j++) row[j] = -1e30f;
                    for (long j = 0; j < width; j++) most = row[j] > most ? row[j] : most;
                    for (long j = 0; j < width; j++) sum += row[j] = expf(row[j] - most);
                    for (long j = 0; j < width; j++) row[j] /= sum;
                    logs[(b * heads + h) * t + i + r] = most + logf(sum);
                }
                mix(s, v, t, width, mixed);
                for (int r = 0; r < ROWS; r++)
                    for (int d = 0; d < SIZE; d++) out[((b * t + i + r) * heads + h) * SIZE + d] = down(mixed[r * SIZE + d]);
            }
        }
    free(q);
}

void attend_back(const bf16 *qkv, const float *bias, const float *cos, const float *sin, const bf16 *out, const bf16 *dout, const float *logs, bf16 *dqkv, float *dbias,
                 long batch, long t, long heads, long kv) {
    long stride = (heads + 2 * kv) * SIZE, group = heads / kv, plane = t * SIZE;
    float *q = aligned_alloc(64, sizeof(float) * (plane * 9 + 2 * ROWS * t)), *k = q + plane, *kt = k + plane, *v = kt + plane, *vt = v + plane;
    float *dq = vt + plane, *dk = dq + plane, *dv = dk + plane, *go = dv + plane, *p = go + plane, *dp = p + ROWS * t;
    for (long b = 0; b < batch; b++, qkv += t * stride, dqkv += t * stride, cos += plane, sin += plane)
        for (long h = 0; h < heads; h++) {
            long shared = h / group;
            const float scale = 1 / sqrtf(SIZE);
            take(qkv + h * SIZE, stride, bias + h * SIZE, cos, sin, scale, q, t);
            if (h % group == 0) {
                take(qkv + (heads + shared) * SIZE, stride, bias + (heads + shared) * SIZE, cos, sin, 1, k, t);
                take(qkv + (heads + kv + shared) * SIZE, stride, bias + (heads + kv + shared) * SIZE, 0, 0, 1, v, t);
                turned(k, kt, t);
                turned(v, vt, t);
                memset(dk, 0, sizeof(float) * 2 * plane);
            }
            for (long i = 0; i < t; i += ROWS) {
                long width = seen(i, t);
                for (int r = 0; r < ROWS; r++)
                    for (int d = 0; d < SIZE; d++) go[(i + r) * SIZE + d] = up(dout[((b * t + i + r) * heads + h) * SIZE + d]);
                dots(q + i * SIZE, kt, t, width, p);
                dots(go + i * SIZE, vt, t, width, dp);
                for (int r = 0; r < ROWS; r++) {
                    float *row = p + r * t, *drow = dp + r * t, log = logs[(b * heads + h) * t + i + r], delta = 0;
                    for (int d = 0; d < SIZE; d++) delta += go[(i + r) * SIZE + d] * up(out[((b * t + i + r) * heads + h) * SIZE + d]);
                    for (long j = 0; j < width; j++) row[j] = expf(row[j] - log);
                    for (long j = i + r + 1; j < width; j++) row[j] = 0;
                    for (long j = 0; j < width; j++) drow[j] = row[j] * (drow[j] - delta);
                }
                mix(dp, k, t, width, dq + i * SIZE);
                spread(dp, q + i * SIZE, t, width, dk);
                spread(p, go + i * SIZE, t, width, dv);
            }
            give_back(dq, cos, sin, scale, dqkv + h * SIZE, stride, dbias + h * SIZE, t);
            if (h % group == group - 1) {
                give_back(dk, cos, sin, 1, dqkv + (heads + shared) * SIZE, stride, dbias + (heads + shared) * SIZE, t);
                give_back(dv, 0, 0, 1, dqkv + (heads + kv + shared) * SIZE, stride, dbias + (heads + kv + shared) * SIZE, t);
            }
        }
    free(q);
}
