// What comes out of a sampler for a row of logits, without looking at more of the vocabulary than decides it.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <vector>

#include "llama.h"

#include "../AddonContext.h"
#include "../AddonGrammarEvaluationState.h"
#include "../AddonModel.h"
#include "../AddonSampler.h"

namespace retort {

constexpr int32_t NO_TOKEN = -1; // the sampler leaves nothing

inline bool higher(const llama_token_data & a, const llama_token_data & b) {
    return a.logit > b.logit;
}

// How many of the highest logits decide the draw: none of the others can come out of the sampler's chain. 0 when that
// cannot be told beforehand. Biased tokens are taken besides, and as many more as they may push out.
inline size_t decisiveTokens(const AddonSampler & sampler) {
    if (sampler.repeatPenaltySampler != nullptr || sampler.dryRepeatPenaltySampler != nullptr || sampler.xtcSampler != nullptr) {
        return 0;
    }
    const size_t biases = sampler.tokenBiasSampler == nullptr ? 0 : sampler.tokenBiasSampler_biases.size();
    if (sampler.greedySampler != nullptr) {
        return 1 + biases;
    }
    return sampler.topKSampler != nullptr && sampler.topKSampler_topK > 0 ? sampler.topKSampler_topK + biases : 0;
}

constexpr int32_t BLOCK = 64;

// In four chains of four: one comparison after another each would wait for the one before. A row of 152,000 logits on a Xeon:
// 0.23 ms in one chain.
inline float highestOfBlock(const float * logits) {
    typedef float Four __attribute__((vector_size(4 * sizeof(float))));
    Four most[4], next[4];
    std::memcpy(most, logits, sizeof(most));
    for (int32_t at = 16; at < BLOCK; at += 16) {
        std::memcpy(next, logits + at, sizeof(next));
        for (int32_t chain = 0; chain < 4; chain++) {
            most[chain] = next[chain] > most[chain] ? next[chain] : most[chain];
        }
    }
    float highest = most[0][0];
    for (const auto & four : most) {
        for (int32_t i = 0; i < 4; i++) {
            highest = four[i] > highest ? four[i] : highest;
        }
    }
    return highest;
}

// The `count` highest logits and the biased tokens, highest first. Blocks whose highest cannot enter are skipped.
inline void takeHighest(const float * logits, int32_t size, size_t count, const AddonSampler & sampler, std::vector<llama_token_data> & found) {
    found.clear();
    float least = -INFINITY;
    for (int32_t start = 0; start < size; start += BLOCK) {
        const int32_t end = std::min(start + BLOCK, size);
        if (found.size() == count && end - start == BLOCK && !(highestOfBlock(logits + start) > least)) {
            continue;
        }
        for (int32_t id = start; id < end; id++) {
            if (found.size() < count) {
                found.push_back({ id, logits[id], 0.0f });
                std::push_heap(found.begin(), found.end(), higher);
            } else if (logits[id] > found.front().logit) {
                std::pop_heap(found.begin(), found.end(), higher);
                found.back() = { id, logits[id], 0.0f };
                std::push_heap(found.begin(), found.end(), higher);
            } else {
                continue;
            }
            least = found.front().logit;
        }
    }
    if (sampler.tokenBiasSampler != nullptr) {
        for (const auto & bias : sampler.tokenBiasSampler_biases) {
            const bool known = std::any_of(found.begin(), found.end(), [&](const llama_token_data & each) { return each.id == bias.token; });
            if (!known && bias.token >= 0 && bias.token < size) {
                found.push_back({ bias.token, logits[bias.token], 0.0f });
            }
        }
    }
    std::sort(found.begin(), found.end(), higher);
}

inline bool isDrawn(const llama_token_data_array & candidates) {
    return candidates.selected >= 0 && candidates.selected < static_cast<int64_t>(candidates.size);
}

inline bool accepts(llama_sampler & grammar, llama_token token) {
    llama_token_data only = { token, 1.0f, 0.0f };
    llama_token_data_array candidates = { &only, 1, -1, false };
    llama_sampler_apply(&grammar, &candidates);
    return only.logit != -INFINITY;
}

// `logits` are those of `batchIndex`. Draws of different samplers may go on at once. What is drawn under a grammar is what
// AddonSampler::sampleAndReleaseLock draws: first as if there were none, and, if that is not in it, once more of what is.
inline int32_t draw(AddonContext & context, AddonSampler & sampler, const float * logits, int32_t batchIndex) {
    thread_local std::vector<llama_token_data> found;
    sampler.rebuildChainIfNeeded();
    const int32_t size = llama_vocab_n_tokens(context.model->vocab);
    const size_t count = decisiveTokens(sampler);
    llama_token_data_array candidates;
    if (count > 0 && count * 4 < static_cast<size_t>(size)) {
        takeHighest(logits, size, count, sampler, found);
        // A bias changes the order, so the chain may rely on it only without one.
        candidates = { found.data(), found.size(), -1, sampler.tokenBiasSampler == nullptr };
        llama_sampler_apply(sampler.chain, &candidates);
        auto * grammar = sampler.grammarEvaluationState == nullptr ? nullptr : sampler.grammarEvaluationState->sampler;
        if (grammar != nullptr && isDrawn(candidates) && !accepts(*grammar, candidates.data[candidates.selected].id)) {
            found.resize(size);
            for (int32_t id = 0; id < size; id++) {
                found[id] = { id, logits[id], 0.0f };
            }
            candidates = { found.data(), found.size(), -1, false };
            llama_sampler_apply(grammar, &candidates);
            llama_sampler_apply(sampler.chain, &candidates);
        }
    } else {
        std::unique_lock<std::mutex> lock(context.sharedSamplerData.mutex);
        sampler.sampleAndReleaseLock(context.sharedSamplerData.mutex, lock, context.ctx, batchIndex, candidates, false);
    }
    if (!isDrawn(candidates)) {
        return NO_TOKEN;
    }
    const llama_token token = candidates.data[candidates.selected].id;
    sampler.acceptToken(token);
    return token;
}

} // namespace retort
