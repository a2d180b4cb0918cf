// Products of K-quantised weights (Q4_K, Q5_K, Q6_K) with AVX-512 VNNI, on what ggml repacks them into. ggml's repack.cpp
// includes it in a `retort native build` (src/worker/native-edits.ts). On other processors it has no kernels, and ggml's are used.
//
// There ggml multiplies Q4_K with AVX2's products of 8 bits, and does not repack the other two: each row of a batch
// unpacks all weights again. In a Q4_K_M these products are nearly all of a step.
#pragma once

#include "repack.h"

#include <cstdint>
#include <cstring>
#include <type_traits>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace retort {

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__) && defined(__F16C__) && defined(__GNUC__)

constexpr bool hasKernels = true;

// Weights lie 8 columns side by side, 8 bytes of each in turn: a vector holds two lanes of 32 bits a column, which stay
// apart until the very end.

static inline __m512i load(const void * bytes) {
    return _mm512_loadu_si512(bytes);
}

static inline __m128i load8(const void * bytes) {
    return _mm_loadl_epi64((const __m128i *) bytes);
}

static inline __m512i repeat8(const void * bytes) {
    int64_t value;
    memcpy(&value, bytes, 8);
    return _mm512_set1_epi64(value);
}

static inline __m512i inBothLanes(__m512i columns) {
    return _mm512_shuffle_epi32(columns, _MM_PERM_CCAA);
}

static inline __m512 inBothLanes(const ggml_half * columns) {
    const __m512i lanes = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    return _mm512_permutexvar_ps(lanes, _mm512_castps256_ps512(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) columns))));
}

static inline __m512i nibbles(__m512i bytes, bool upper) {
    return _mm512_and_si512(upper ? _mm512_srli_epi16(bytes, 4) : bytes, _mm512_set1_epi8(0x0f));
}

// A super-block of 8 columns of 256 values, in 8 parts of 32. Each format says
//   quants(part, step)  values 32 * part + 8 * step and the next seven of each column, unsigned
//   STEPS               how many steps, of four products a lane each, fit into 16 bits when they are added up
//   scale(part, step)   of each column: 16 bits in both of its lanes
//   factors(group)      of the four sums of 16 activations in each 64: what is to be taken off, times offset()

// Q4_K and Q5_K: twelve bytes hold a part's 8 scales and 8 minima, of 6 bits each.
template <class Block> struct WithMinima {
    const Block & block;
    uint8_t scales[64], minima[64];

    explicit WithMinima(const Block & block) : block(block) {
        const __m512i words = load(block.scales), more = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *) (block.scales + 64)));
        const __m256i a = everyThird(words, more, 0), b = everyThird(words, more, 1), c = everyThird(words, more, 2);
        const __m256i six = _mm256_set1_epi8(0x3f), upper = _mm256_set1_epi8(0x30), lower = _mm256_set1_epi8(0x0f);
        store(scales, _mm256_and_si256(a, six), _mm256_or_si256(_mm256_and_si256(c, lower), _mm256_and_si256(_mm256_srli_epi32(a, 2), upper)));
        store(minima, _mm256_and_si256(b, six), _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi32(c, 4), lower), _mm256_and_si256(_mm256_srli_epi32(b, 2), upper)));
    }

    inline __m512i scale(int part, int) const {
        return inBothLanes(_mm512_cvtepu8_epi64(load8(scales + part * 8)));
    }

    inline __m512i factors(int group) const {
        const uint8_t * two = minima + group * 16;
        const __m512i once = _mm512_cvtepu8_epi32(_mm_unpacklo_epi8(load8(two), load8(two + 8)));
        return _mm512_or_si512(once, _mm512_slli_epi32(once, 16));
    }

    inline __m512 offset() const {
        return inBothLanes(block.dmin);
    }

  private:
    static inline __m256i everyThird(__m512i words, __m512i more, int from) {
        const __m512i indices = _mm512_setr_epi32(0, 3, 6, 9, 12, 15, 18, 21, 0, 0, 0, 0, 0, 0, 0, 0);
        return _mm512_castsi512_si256(_mm512_permutex2var_epi32(words, _mm512_add_epi32(indices, _mm512_set1_epi32(from)), more));
    }

    // Columns 0 to 3 of each part, and columns 4 to 7.
    static inline void store(uint8_t * to, __m256i first, __m256i second) {
        const __m512i indices = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        _mm512_storeu_si512(to, _mm512_permutex2var_epi32(_mm512_castsi256_si512(first), indices, _mm512_castsi256_si512(second)));
    }
};

struct Q4K : WithMinima<block_q4_Kx8> {
    using Block = block_q4_Kx8;
    using WithMinima::WithMinima;
    static constexpr int STEPS = 4;

    inline __m512i quants(int part, int step) const {
        return nibbles(load(block.qs + (part / 2 * 4 + step) * 64), part % 2);
    }
};

struct Q5K : WithMinima<block_q5_Kx8> {
    using Block = block_q5_Kx8;
    using WithMinima::WithMinima;
    static constexpr int STEPS = 2;

    inline __m512i quants(int part, int step) const {
        const __mmask64 high = _mm512_test_epi8_mask(load(block.qh + step * 64), _mm512_set1_epi8((char) (1 << part)));
        const __m512i low = nibbles(load(block.qs + (part / 2 * 4 + step) * 64), part % 2);
        return _mm512_mask_add_epi8(low, high, low, _mm512_set1_epi8(16));
    }
};

struct Q6K {
    using Block = block_q6_Kx8;
    static constexpr int STEPS = 1;
    const Block & block;

    explicit Q6K(const Block & block) : block(block) {}

    inline __m512i quants(int part, int step) const {
        const int half = part / 4, quarter = part % 4;
        const __m512i bits = load(block.qh + (half * 4 + step) * 64);
        const __m512i high = quarter == 0 ? _mm512_slli_epi16(bits, 4)
                           : quarter == 1 ? _mm512_slli_epi16(bits, 2)
                           : quarter == 2 ? bits
                                          : _mm512_srli_epi16(bits, 2);
        const __m512i low = nibbles(load(block.ql + (half * 8 + quarter % 2 * 4 + step) * 64), quarter / 2);
        return _mm512_or_si512(low, _mm512_and_si512(high, _mm512_set1_epi8(0x30)));
    }

    inline __m512i scale(int part, int step) const {
        const __m512i wide = _mm512_cvtepi8_epi64(load8(block.scales + (part * 2 + step / 2) * 8));
        return inBothLanes(_mm512_and_si512(wide, _mm512_set1_epi64(0xffff)));
    }

    inline __m512i factors(int group) const {
        const int8_t * four = block.scales + group * 32;
        const __m128i first = _mm_unpacklo_epi8(load8(four), load8(four + 8)), second = _mm_unpacklo_epi8(load8(four + 16), load8(four + 24));
        return _mm512_cvtepi8_epi16(_mm256_set_m128i(_mm_unpackhi_epi16(first, second), _mm_unpacklo_epi16(first, second)));
    }

    // Quants are kept 32 too high.
    inline __m512 offset() const {
        return _mm512_mul_ps(inBothLanes(block.d), _mm512_set1_ps(32));
    }
};

// Activations as ggml quantises them: rows in fours, 8 bytes of each in turn, or alone. A pointer for each four or row.

struct InFours {
    using Block = block_q8_Kx4;
    static constexpr int EACH = 4;
    static inline const int8_t * quants(const Block & block, int row, int position) { return block.qs + position * 4 + row * 8; }
    static inline const int16_t * sums(const Block & block, int row, int group) { return block.bsums + group * 16 + row * 4; }
    static inline float scale(const Block & block, int row) { return block.d[row]; }
};

struct Alone {
    using Block = block_q8_K;
    static constexpr int EACH = 1;
    static inline const int8_t * quants(const Block & block, int, int position) { return block.qs + position; }
    static inline const int16_t * sums(const Block & block, int, int group) { return block.bsums + group * 4; }
    static inline float scale(const Block & block, int) { return block.d; }
};

// 8 columns of ROWS rows, `blocks` super-blocks each, into out[row * stride + column].
template <class Format, class Rows, int ROWS>
static inline void tile(int blocks, const typename Format::Block * weights, const typename Rows::Block * const * rows, float * out, size_t stride) {
    // The processor's own prefetching stops at the end of each page.
    constexpr int AHEAD = 4;
    __m512 sum[ROWS];
#pragma GCC unroll 8
    for (int row = 0; row < ROWS; row++) sum[row] = _mm512_setzero_ps();
    for (int l = 0; l < blocks; l++) {
        const Format format(weights[l]);
        __m512i total[ROWS], some[ROWS];
#pragma GCC unroll 8
        for (int row = 0; row < ROWS; row++) total[row] = _mm512_setzero_si512();
#pragma GCC unroll 8
        for (int part = 0; part < 8; part++) {
#pragma GCC unroll 4
            for (int step = 0; step < 4; step++) {
                _mm_prefetch((const char *) &weights[l + AHEAD] + (part * 4 + step) * sizeof(typename Format::Block) / 32, _MM_HINT_T0);
                const __m512i quants = format.quants(part, step);
#pragma GCC unroll 8
                for (int row = 0; row < ROWS; row++) {
                    const auto & block = rows[row / Rows::EACH][l];
                    if (step % Format::STEPS == 0) some[row] = _mm512_setzero_si512();
                    some[row] = _mm512_dpbusd_epi32(some[row], quants, repeat8(Rows::quants(block, row % Rows::EACH, part * 32 + step * 8)));
                    if (step % Format::STEPS == Format::STEPS - 1)
                        total[row] = _mm512_dpwssd_epi32(total[row], some[row], format.scale(part, step));
                }
            }
        }
        const __m512 scale = inBothLanes(weights[l].d), offset = format.offset();
#pragma GCC unroll 8
        for (int row = 0; row < ROWS; row++) {
            const auto & block = rows[row / Rows::EACH][l];
            __m512i off = _mm512_setzero_si512();
#pragma GCC unroll 4
            for (int group = 0; group < 4; group++)
                off = _mm512_dpwssd_epi32(off, format.factors(group), repeat8(Rows::sums(block, row % Rows::EACH, group)));
            const __m512 product = _mm512_fnmadd_ps(offset, _mm512_cvtepi32_ps(off), _mm512_mul_ps(scale, _mm512_cvtepi32_ps(total[row])));
            sum[row] = _mm512_fmadd_ps(product, _mm512_set1_ps(Rows::scale(block, row % Rows::EACH)), sum[row]);
        }
    }
#pragma GCC unroll 8
    for (int row = 0; row < ROWS; row++) {
        const __m512 both = _mm512_add_ps(sum[row], _mm512_permute_ps(sum[row], 0xb1));
        _mm256_storeu_ps(out + row * stride, _mm512_castps512_ps256(_mm512_maskz_compress_ps(0x5555, both)));
    }
}

// Columns outside, so that weights are read once for all rows of a piece, which stays in the second-level cache.
template <class Format>
static void multiply(int n, float * out, size_t stride, const void * weights, const void * activations, int rows, int columns) {
    static_assert(sizeof(block_q8_Kx4) == 4 * sizeof(block_q8_K), "rows in fours and alone lie in one array");
    constexpr int PIECE = 64;
    const int blocks = n / QK_K;
    for (int from = 0; from < rows; from += PIECE) {
        const int to = from + PIECE < rows ? from + PIECE : rows;
        for (int column = 0; column < columns; column += 8) {
            const auto * block = (const typename Format::Block *) weights + (size_t) (column / 8) * blocks;
            const auto at = [&](int row) { return (const block_q8_K *) activations + (size_t) row * blocks; };
            const auto fours = [&](int row) { return (const block_q8_Kx4 *) at(row); };
            float * to8 = out + column;
            int row = from;
            for (; row + 8 <= to; row += 8) {
                const block_q8_Kx4 * two[] = { fours(row), fours(row + 4) };
                tile<Format, InFours, 8>(blocks, block, two, to8 + row * stride, stride);
            }
            if (row + 4 <= to) {
                const block_q8_Kx4 * one[] = { fours(row) };
                tile<Format, InFours, 4>(blocks, block, one, to8 + row * stride, stride);
                row += 4;
            }
            if (row == to) continue;
            const block_q8_K * rest[] = { at(row), at(row + 1), at(row + 2) };
            if (to - row == 3) tile<Format, Alone, 3>(blocks, block, rest, to8 + row * stride, stride);
            if (to - row == 2) tile<Format, Alone, 2>(blocks, block, rest, to8 + row * stride, stride);
            if (to - row == 1) tile<Format, Alone, 1>(blocks, block, rest, to8 + row * stride, stride);
        }
    }
}

// As ggml's gemm and gemv together: out[row * stride + column] for the rows and columns (a multiple of 8) of one chunk.
// False when there is no kernel for these weights.
template <class Block, int INTERLEAVED, int COLUMNS>
static bool product(int n, float * out, size_t stride, const void * weights, const void * activations, int rows, int columns) {
    if constexpr (INTERLEAVED != 8 || COLUMNS != 8) return false;
    else if constexpr (std::is_same_v<Block, block_q4_K>) return multiply<Q4K>(n, out, stride, weights, activations, rows, columns), true;
    else if constexpr (std::is_same_v<Block, block_q5_K>) return multiply<Q5K>(n, out, stride, weights, activations, rows, columns), true;
    else if constexpr (std::is_same_v<Block, block_q6_K>) return multiply<Q6K>(n, out, stride, weights, activations, rows, columns), true;
    else return false;
}

#else

constexpr bool hasKernels = false;

template <class Block, int INTERLEAVED, int COLUMNS>
static bool product(int, float *, size_t, const void *, const void *, int, int) {
    return false;
}

#endif

}
