// Attention over a cache of 16-bit floats with AVX-512. ggml's ops.cpp includes it in a `retort native build`
// (src/worker/native-edits.ts). On other processors, and for what it does not know, ggml's own is used.
//
// ggml goes through the cache once for each row of queries, converting each number as often, and keeps the sum in 16
// bits. Here heads that share keys (grouped queries) and tokens beside each other go through it together.
#pragma once

#include "ggml-cpu-impl.h"
#include "ggml-impl.h"
#include "vec.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace retort {

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__) && defined(__F16C__) && defined(__GNUC__)

// Rows of queries that are computed together, and positions of the cache between two looks at the maximum.
constexpr int ROWS = 8, TILE = 16;

static inline __m512 halves(const ggml_fp16_t * from) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) from));
}

// Lane t: the sum of vectors[t].
static inline __m512 sumOfEach(const __m512 * vectors) {
    __m512 half[8];
    const __m512i low = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    const __m512i high = _mm512_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        half[i] = _mm512_add_ps(_mm512_permutex2var_ps(vectors[i], low, vectors[i + 8]), _mm512_permutex2var_ps(vectors[i], high, vectors[i + 8]));
    // Eight lanes of t and eight of t + 8 each; then four lanes each of t, t + 4, t + 8, t + 12; and so on.
    __m512 quarter[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        quarter[i] = _mm512_add_ps(_mm512_shuffle_f32x4(half[i], half[i + 4], 0x88), _mm512_shuffle_f32x4(half[i], half[i + 4], 0xdd));
    // Now lanes of 128 bits hold t, t + 8, t + 4, t + 12.
    const __m512 even = _mm512_add_ps(_mm512_unpacklo_ps(quarter[0], quarter[2]), _mm512_unpackhi_ps(quarter[0], quarter[2]));
    const __m512 odd = _mm512_add_ps(_mm512_unpacklo_ps(quarter[1], quarter[3]), _mm512_unpackhi_ps(quarter[1], quarter[3]));
    const __m512 sums = _mm512_add_ps(_mm512_unpacklo_ps(even, odd), _mm512_unpackhi_ps(even, odd));
    return _mm512_permutexvar_ps(_mm512_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15), sums);
}

// Some rows of queries and the keys and values that they all look at.
struct Queries {
    const float * queries[ROWS];
    // What is added to each product; null adds nothing.
    const ggml_fp16_t * masks[ROWS];
    float * results[ROWS];
    const char * keys;
    const char * values;
    // In bytes, from one position to the next.
    size_t keyStride, valueStride;
    int64_t positions;
    float scale;
};

// SIZE numbers a head, N rows.
template <int SIZE, int N> static void attend(const Queries & of) {
    constexpr int VECTORS = SIZE / 16;
    alignas(64) float queries[N][SIZE], results[N][SIZE] = {}, weights[N][TILE];
    __m512 products[N][TILE], sums[N];
    float most[N];
    for (int row = 0; row < N; row++) {
        most[row] = -INFINITY;
        sums[row] = _mm512_setzero_ps();
        for (int at = 0; at < SIZE; at++) queries[row][at] = of.queries[row][at] * of.scale;
    }
    for (int64_t from = 0; from < of.positions; from += TILE) {
        const int count = of.positions - from < TILE ? (int) (of.positions - from) : TILE;
        const __mmask16 inside = (__mmask16) ((1u << count) - 1);
        __m512 mask[N];
        __mmask16 seen = 0;
        for (int row = 0; row < N; row++) {
            const __m512 added = of.masks[row] == nullptr ? _mm512_setzero_ps() : _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(inside, of.masks[row] + from));
            mask[row] = _mm512_mask_blend_ps(inside, _mm512_set1_ps(-INFINITY), added);
            seen |= _mm512_cmp_ps_mask(mask[row], _mm512_set1_ps(-INFINITY), _CMP_GT_OQ);
        }
        if (seen == 0) continue;

        for (int position = 0; position < count; position++) {
            const ggml_fp16_t * key = (const ggml_fp16_t *) (of.keys + (from + position) * of.keyStride);
            for (int line = 0; line < SIZE * 2; line += 64) _mm_prefetch((const char *) key + TILE * of.keyStride + line, _MM_HINT_T0);
            __m512 product[N];
#pragma GCC unroll 8
            for (int row = 0; row < N; row++) product[row] = _mm512_setzero_ps();
#pragma GCC unroll 8
            for (int vector = 0; vector < VECTORS; vector++) {
                const __m512 some = halves(key + vector * 16);
#pragma GCC unroll 8
                for (int row = 0; row < N; row++) product[row] = _mm512_fmadd_ps(some, _mm512_load_ps(&queries[row][vector * 16]), product[row]);
            }
#pragma GCC unroll 8
            for (int row = 0; row < N; row++) products[row][position] = product[row];
        }
        for (int row = 0; row < N; row++) {
            for (int position = count; position < TILE; position++) products[row][position] = _mm512_setzero_ps();
            const __m512 scores = _mm512_add_ps(sumOfEach(products[row]), mask[row]);
            const float highest = _mm512_reduce_max_ps(scores);
            if (highest > most[row]) {
                // exp(-inf) the first time: nothing is kept of nothing.
                const __m512 kept = ggml_v_expf(_mm512_set1_ps(most[row] - highest));
                for (int vector = 0; vector < VECTORS; vector++) {
                    float * result = &results[row][vector * 16];
                    _mm512_store_ps(result, _mm512_mul_ps(_mm512_load_ps(result), kept));
                }
                sums[row] = _mm512_mul_ps(sums[row], kept);
                most[row] = highest;
            }
            const __m512 weight = most[row] == -INFINITY ? _mm512_setzero_ps() : ggml_v_expf(_mm512_sub_ps(scores, _mm512_set1_ps(most[row])));
            sums[row] = _mm512_add_ps(sums[row], weight);
            _mm512_store_ps(weights[row], weight);
        }
        const char * values = of.values + from * of.valueStride;
        for (int vector = 0; vector < VECTORS; vector++) {
            __m512 result[N];
#pragma GCC unroll 8
            for (int row = 0; row < N; row++) result[row] = _mm512_load_ps(&results[row][vector * 16]);
            for (int position = 0; position < count; position++) {
                const ggml_fp16_t * value = (const ggml_fp16_t *) (values + position * of.valueStride) + vector * 16;
                if (vector % 2 == 0) _mm_prefetch((const char *) value + TILE * of.valueStride, _MM_HINT_T0);
                const __m512 some = halves(value);
#pragma GCC unroll 8
                for (int row = 0; row < N; row++) result[row] = _mm512_fmadd_ps(some, _mm512_set1_ps(weights[row][position]), result[row]);
            }
#pragma GCC unroll 8
            for (int row = 0; row < N; row++) _mm512_store_ps(&results[row][vector * 16], result[row]);
        }
    }
    for (int row = 0; row < N; row++) {
        const float sum = _mm512_reduce_add_ps(sums[row]);
        const __m512 part = _mm512_set1_ps(sum == 0 ? 0 : 1 / sum);
        for (int vector = 0; vector < VECTORS; vector++)
            _mm512_storeu_ps(of.results[row] + vector * 16, _mm512_mul_ps(_mm512_load_ps(&results[row][vector * 16]), part));
    }
}

template <int SIZE, int N = ROWS> static void attend(const Queries & of, int rows) {
    if (rows == N) attend<SIZE, N>(of);
    else if constexpr (N > 1) attend<SIZE, N - 1>(of, rows);
}

// The whole of a node for one of the threads, or false, on all of them, when ggml has to do it.
static bool attention(const ggml_compute_params * params, ggml_tensor * dst) {
    const ggml_tensor * q = dst->src[0], * k = dst->src[1], * v = dst->src[2], * mask = dst->src[3], * sinks = dst->src[4];
    float scale, bias, cap;
    memcpy(&scale, (const float *) dst->op_params, sizeof(float));
    memcpy(&bias, (const float *) dst->op_params + 1, sizeof(float));
    memcpy(&cap, (const float *) dst->op_params + 2, sizeof(float));
    const int64_t size = k->ne[0], tokens = q->ne[1], heads = q->ne[2], streams = q->ne[3], keyHeads = k->ne[2];
    const bool knows = !params->use_ref && sinks == nullptr && bias == 0 && cap == 0 && q->type == GGML_TYPE_F32 && k->type == GGML_TYPE_F16 &&
        v->type == GGML_TYPE_F16 && v->ne[0] == size && v->ne[2] == keyHeads && (size == 32 || size == 64 || size == 128);
    if (!knows) return false;

    const int64_t group = heads / keyHeads, rows = group * tokens;
    int64_t together = rows < ROWS ? rows : ROWS;
    // One thread each, at least, before rows are spread for nothing.
    while (together > 1 && streams * keyHeads * ((rows + together - 1) / together) < params->nth) together = (together + 1) / 2;
    const int64_t pieces = (rows + together - 1) / together, all = streams * keyHeads * pieces;
    if (all < params->nth) return false;

    if (params->ith == 0) ggml_threadpool_chunk_set(params->threadpool, params->nth);
    ggml_barrier(params->threadpool);
    for (int64_t piece = params->ith; piece < all; piece = ggml_threadpool_chunk_add(params->threadpool, 1)) {
        const int64_t stream = piece / (keyHeads * pieces), keyHead = piece / pieces % keyHeads, first = piece % pieces * together;
        const int64_t count = rows - first < together ? rows - first : together;
        const int64_t keyStream = stream / (streams / k->ne[3]), valueStream = stream / (streams / v->ne[3]);
        Queries of;
        of.keys = (const char *) k->data + keyHead * k->nb[2] + keyStream * k->nb[3];
        of.values = (const char *) v->data + keyHead * v->nb[2] + valueStream * v->nb[3];
        of.keyStride = k->nb[1];
        of.valueStride = v->nb[1];
        of.positions = k->ne[1];
        of.scale = scale;
        for (int64_t row = 0; row < count; row++) {
            const int64_t token = (first + row) / group, head = keyHead * group + (first + row) % group;
            of.queries[row] = (const float *) ((const char *) q->data + token * q->nb[1] + head * q->nb[2] + stream * q->nb[3]);
            of.masks[row] = mask == nullptr ? nullptr
                : (const ggml_fp16_t *) ((const char *) mask->data + token * mask->nb[1] + head % mask->ne[2] * mask->nb[2] + stream % mask->ne[3] * mask->nb[3]);
            of.results[row] = (float *) ((char *) dst->data + head * dst->nb[1] + token * dst->nb[2] + stream * dst->nb[3]);
        }
        if (size == 32) attend<32>(of, (int) count);
        if (size == 64) attend<64>(of, (int) count);
        if (size == 128) attend<128>(of, (int) count);
    }
    return true;
}

#else

static bool attention(const ggml_compute_params *, ggml_tensor *) {
    return false;
}

#endif

}
