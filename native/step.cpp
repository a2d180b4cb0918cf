// Decode steps of all slots in one call: batch, llama_decode and the draws of every slot that only needs its next token,
// on one pool thread, and further steps while every slot's draw is just its next token. `retort native build` compiles this
// file into node-llama-cpp's addon; src/worker/binding.ts uses it where it is there. The addon alone takes one pool job
// for the decode and one more for each slot's draw, and each draw copies the whole vocabulary.
//
// Written against node-llama-cpp 3.22.1: AddonContext.h, AddonSampler.h.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "common/common.h"
#include "llama.h"

#include "AddonContext.h"
#include "AddonGrammarEvaluationState.h"
#include "AddonModel.h"
#include "AddonSampler.h"
#include "addonGlobals.h"

namespace {

constexpr int32_t NO_TOKEN = -1; // the sampler leaves nothing
constexpr int32_t FAILED = -2;   // this slot's sampler threw; the others are whole

struct Draw {
    AddonSampler * sampler;
    int32_t batchIndex; // of the last token that is none of the guesses behind it
    int32_t guesses;
    int32_t sequence;
    int32_t position; // of the token that is drawn
    llama_token last = NO_TOKEN;
};

// How far steps may follow each other without being asked for.
struct Run {
    int32_t steps;
    double budgetMs;
    std::vector<llama_token> stops;
    const int32_t * interrupt; // kept alive by the call's promise; not 0: somebody waits
};

bool higher(const llama_token_data & a, const llama_token_data & b) {
    return a.logit > b.logit;
}

// How many of the highest logits decide the draw: none of the others can come out of the sampler's chain. 0 when that
// cannot be told beforehand. Biased tokens are taken besides, and as many more as they may push out.
size_t decisiveTokens(const AddonSampler & sampler) {
    if (sampler.grammarEvaluationState != nullptr || sampler.repeatPenaltySampler != nullptr ||
        sampler.dryRepeatPenaltySampler != nullptr || sampler.xtcSampler != nullptr) {
        return 0;
    }
    const size_t biases = sampler.tokenBiasSampler == nullptr ? 0 : sampler.tokenBiasSampler_biases.size();
    if (sampler.greedySampler != nullptr) {
        return 1 + biases;
    }
    return sampler.topKSampler != nullptr && sampler.topKSampler_topK > 0 ? sampler.topKSampler_topK + biases : 0;
}

// The `count` highest logits and the biased tokens, highest first. Blocks whose maximum cannot enter are skipped: the
// maximum of a block is what compilers vectorise.
void takeHighest(const float * logits, int32_t size, size_t count, const AddonSampler & sampler, std::vector<llama_token_data> & found) {
    constexpr int32_t BLOCK = 64;
    found.clear();
    float least = -INFINITY;
    for (int32_t start = 0; start < size; start += BLOCK) {
        const int32_t end = std::min(start + BLOCK, size);
        float most = logits[start];
        for (int32_t id = start + 1; id < end; id++) {
            most = logits[id] > most ? logits[id] : most;
        }
        if (found.size() == count && !(most > least)) {
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

int32_t draw(AddonContext & context, AddonSampler & sampler, int32_t batchIndex, std::vector<llama_token_data> & found) {
    sampler.rebuildChainIfNeeded();
    const int32_t size = llama_vocab_n_tokens(context.model->vocab);
    const size_t count = decisiveTokens(sampler);
    llama_token_data_array candidates;
    if (count > 0 && count * 4 < static_cast<size_t>(size)) {
        takeHighest(llama_get_logits_ith(context.ctx, batchIndex), size, count, sampler, found);
        // A bias changes the order, so the chain may rely on it only without one.
        candidates = { found.data(), found.size(), -1, sampler.tokenBiasSampler == nullptr };
        llama_sampler_apply(sampler.chain, &candidates);
    } else {
        std::unique_lock<std::mutex> lock(context.sharedSamplerData.mutex);
        sampler.sampleAndReleaseLock(context.sharedSamplerData.mutex, lock, context.ctx, batchIndex, candidates, false);
    }
    if (candidates.size == 0 || candidates.selected < 0 || candidates.selected >= static_cast<int64_t>(candidates.size)) {
        return NO_TOKEN;
    }
    const llama_token token = candidates.data[candidates.selected].id;
    sampler.acceptToken(token);
    return token;
}

class StepWorker : public Napi::AsyncWorker {
    public:
        StepWorker(Napi::Env env, AddonContext * context, std::vector<Draw> draws, Run run, Napi::Int32Array interrupt)
            : Napi::AsyncWorker(env, "RetortStepWorker"),
              context(context),
              draws(std::move(draws)),
              run(std::move(run)),
              interrupt(Napi::Persistent(interrupt.As<Napi::Object>())),
              deferred(Napi::Promise::Deferred::New(env)) {
            context->Ref();
            for (auto & each : this->draws) {
                each.sampler->Ref();
            }
        }
        ~StepWorker() {
            for (auto & each : draws) {
                each.sampler->Unref();
            }
            context->Unref();
        }
        Napi::Promise promise() {
            return deferred.Promise();
        }

    protected:
        void Execute() override {
            using Clock = std::chrono::steady_clock;
            const auto started = Clock::now();
            try {
                for (int32_t step = 1;; step++) {
                    const auto stepStarted = Clock::now();
                    decode();
                    const bool goesOn = drawAll() && step < run.steps && __atomic_load_n(run.interrupt, __ATOMIC_RELAXED) == 0;
                    const auto now = Clock::now();
                    const std::chrono::duration<double, std::milli> until = now - started + (now - stepStarted);
                    if (!goesOn || until.count() > run.budgetMs) {
                        return;
                    }
                    batchOfDrawn();
                }
            } catch (const std::exception & error) {
                SetError(error.what());
            }
        }
        void OnOK() override {
            Napi::HandleScope scope(Env());
            auto result = Napi::Int32Array::New(Env(), drawn.size());
            std::copy(drawn.begin(), drawn.end(), result.Data());
            deferred.Resolve(result);
        }
        void OnError(const Napi::Error & error) override {
            deferred.Reject(error.Value());
        }

    private:
        void decode() {
            context->sharedSamplerData.gotLogit = false;
            context->sharedSamplerData.hasLogits = false;
            const int result = llama_decode(context->ctx, context->batch);
            if (result != 0) {
                throw std::runtime_error(result == 1 ? "could not find a KV slot for the batch" : "llama_decode failed");
            }
            llama_synchronize(context->ctx);
        }
        // False when one of the tokens needs a look before the next step.
        bool drawAll() {
            bool goesOn = !draws.empty();
            for (auto & each : draws) {
                const size_t count = drawn.size();
                drawn.push_back(0);
                for (int32_t at = each.batchIndex;; at++) {
                    int32_t token = FAILED;
                    try {
                        token = draw(*context, *each.sampler, at, found);
                    } catch (...) {
                    }
                    drawn.push_back(token);
                    drawn[count]++;
                    const bool needsLook = token < 0 || llama_vocab_is_eog(context->model->vocab, token) ||
                        std::find(run.stops.begin(), run.stops.end(), token) != run.stops.end();
                    goesOn = goesOn && !needsLook;
                    // The next logits are those after the guess: they hold when it is what was drawn.
                    if (needsLook || at == each.batchIndex + each.guesses || token != context->batch.token[at + 1]) {
                        break;
                    }
                }
                each.last = drawn.back();
            }
            return goesOn;
        }
        void batchOfDrawn() {
            context->batch.n_tokens = 0;
            for (auto & each : draws) {
                each.batchIndex = context->batch.n_tokens;
                common_batch_add(context->batch, each.last, each.position++, { each.sequence }, true);
            }
        }

        AddonContext * context;
        std::vector<Draw> draws;
        Run run;
        Napi::ObjectReference interrupt;
        Napi::Promise::Deferred deferred;
        std::vector<int32_t> drawn; // a row a step
        std::vector<llama_token_data> found;
};

// retortStep(context, entries: Int32Array, tokens: Uint32Array, samplers: AddonSampler[],
//            steps: number, budgetMs: number, stops: Uint32Array, interrupt: Int32Array): Promise<Int32Array>
//
// `entries` holds five numbers a slot, slots ascending: sequence, first position, count of its `tokens`, what becomes of
// the last of them (0 nothing, 1 logits, 2 logits and a draw by the next of `samplers`), and how many more tokens follow
// that are guesses at what is drawn. Logits are there after each of those too. A draw goes on along the guesses as long as
// they are what comes out, and no further than a token that is in `stops` or ends the generation. Logits stay for
// sampleToken. Cells of wrong guesses stay in the cache.
//
// With `steps` above 1, which asks for a draw of every slot and for no guesses, up to so many steps follow each other,
// each with the tokens that the one before drew, until one of them is in `stops` or ends the generation, the next step
// would end after `budgetMs`, or interrupt[0] is not 0. Resolves to one list a draw and step, steps outermost: how many
// tokens, and the tokens. The very last ones are not evaluated.
Napi::Value step(const Napi::CallbackInfo & info) {
    auto * context = Napi::ObjectWrap<AddonContext>::Unwrap(info[0].As<Napi::Object>());
    const auto entries = info[1].As<Napi::Int32Array>();
    const auto tokens = info[2].As<Napi::Uint32Array>();
    const auto samplers = info[3].As<Napi::Array>();
    const auto stops = info[6].As<Napi::Uint32Array>();
    const auto interrupt = info[7].As<Napi::Int32Array>();
    const int32_t size = static_cast<int32_t>(tokens.ElementLength());
    if (context->disposed || size == 0 || static_cast<uint32_t>(size) > context->context_params.n_batch) {
        Napi::RangeError::New(info.Env(), "Invalid batch").ThrowAsJavaScriptException();
        return info.Env().Undefined();
    }
    if (context->has_batch && context->batch_n_tokens < size) {
        llama_batch_free(context->batch);
        context->has_batch = false;
    }
    if (!context->has_batch) {
        context->batch_n_tokens = static_cast<int32_t>(context->context_params.n_batch);
        context->batch = llama_batch_init(context->batch_n_tokens, 0, 1);
        context->has_batch = true;
    }
    context->batch.n_tokens = 0;

    std::vector<Draw> draws;
    int32_t at = 0;
    for (size_t entry = 0; entry + 4 < entries.ElementLength(); entry += 5) {
        const int32_t sequence = entries[entry], position = entries[entry + 1], count = entries[entry + 2], wants = entries[entry + 3];
        const int32_t guesses = entries[entry + 4];
        if (count <= 0 || guesses < 0 || at + count + guesses > size) {
            Napi::RangeError::New(info.Env(), "Entries and tokens differ").ThrowAsJavaScriptException();
            return info.Env().Undefined();
        }
        for (int32_t index = 0; index < count + guesses; index++, at++) {
            const bool hasLogits = wants > 0 && index >= count - 1;
            common_batch_add(context->batch, static_cast<llama_token>(tokens[at]), position + index, { sequence }, hasLogits);
        }
        if (wants == 2) {
            auto sampler = samplers.Get(static_cast<uint32_t>(draws.size())).As<Napi::Object>();
            draws.push_back({ Napi::ObjectWrap<AddonSampler>::Unwrap(sampler), at - 1 - guesses, guesses, sequence, position + count });
        }
    }
    Run run = {
        draws.size() * 5 == entries.ElementLength() ? info[4].As<Napi::Number>().Int32Value() : 1,
        info[5].As<Napi::Number>().DoubleValue(),
        std::vector<llama_token>(stops.Data(), stops.Data() + stops.ElementLength()),
        interrupt.Data(),
    };
    auto * worker = new StepWorker(info.Env(), context, std::move(draws), std::move(run), interrupt);
    worker->Queue();
    return worker->promise();
}

} // namespace

void registerRetort(Napi::Env env, Napi::Object exports) {
    exports.Set("retortStep", Napi::Function::New(env, step, "retortStep"));
    exports.Set("retortStepVersion", Napi::Number::New(env, 3));
}
