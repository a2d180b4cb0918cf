// Decode steps of all slots in one call: batch, llama_decode and the draws of every slot that only needs its next token,
// and further steps while every slot's draw is just its next token; JavaScript hears of those while the next one is under
// way. All of it on a thread of its own. `retort native build` compiles this folder into node-llama-cpp's addon;
// src/worker/binding.ts uses it where it is there. The addon alone takes one pool job for the decode and one more for each
// slot's draw, and each draw copies the whole vocabulary.
//
// Written against node-llama-cpp 3.22.1: AddonContext.h, AddonSampler.h.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/common.h"
#include "llama.h"

#include "../AddonContext.h"
#include "../AddonModel.h"
#include "../AddonSampler.h"
#include "../addonGlobals.h"

#include "draw.h"
#include "threads.h"

namespace {

constexpr llama_token FILLING = 0; // any token
constexpr int32_t FAILED = -2; // this slot's sampler threw; the others are whole

struct Draw {
    AddonSampler * sampler;
    int32_t batchIndex; // of the last token that is none of the guesses behind it
    int32_t guesses;
    int32_t sequence;
    int32_t position; // of the token that is drawn
    // Of the step under way: after batchIndex and after each guess, and what was drawn from them.
    std::vector<const float *> logits = {};
    std::vector<llama_token> drawn = {};
};

// A row of nothing in a slot between two that draw, so that llama.cpp does not cut the batch there. Before the Draw at `before`.
struct Fill {
    int32_t sequence;
    int32_t position;
    size_t before;
};

// How far steps may follow each other without being asked for.
struct Run {
    int32_t steps;
    double tellMs;
    std::vector<llama_token> stops;
    const int32_t * interrupt; // kept alive by the job; not 0: somebody waits
};

// One call from JavaScript: steps over what lies in the context's batch. Holds what it uses until it is answered.
class StepJob {
    public:
        static Napi::Promise start(Napi::Env env, AddonContext * context, std::vector<Draw> draws, std::vector<Fill> fills, Run run, Napi::Object interrupt, Napi::Function onDrawn) {
            auto * job = new StepJob(env, context, std::move(draws), std::move(fills), std::move(run), interrupt, onDrawn);
            const auto promise = job->deferred.Promise();
            retort::computeThread().push([job] { job->execute(); });
            return promise;
        }

    private:
        using Clock = std::chrono::steady_clock;

        StepJob(Napi::Env env, AddonContext * context, std::vector<Draw> draws, std::vector<Fill> fills, Run run, Napi::Object interrupt, Napi::Function onDrawn)
            : context(context),
              draws(std::move(draws)),
              fills(std::move(fills)),
              run(std::move(run)),
              interrupt(Napi::Persistent(interrupt)),
              deferred(Napi::Promise::Deferred::New(env)),
              toJs(Napi::ThreadSafeFunction::New(env, onDrawn, "RetortStep", 0, 1)) {
            context->Ref();
            for (auto & each : this->draws) {
                each.sampler->Ref();
            }
        }
        // On JavaScript's thread.
        ~StepJob() {
            for (auto & each : draws) {
                each.sampler->Unref();
            }
            context->Unref();
        }

        void execute() {
            std::string failure;
            try {
                runSteps();
            } catch (const std::exception & error) {
                failure = error.what();
            } catch (...) {
                failure = "llama_decode failed";
            }
            // Once it is called, JavaScript's thread may have done with this.
            auto last = toJs;
            last.NonBlockingCall([this, failure](Napi::Env env, Napi::Function) {
                if (failure.empty()) {
                    deferred.Resolve(toArray(env, drawn));
                } else {
                    deferred.Reject(Napi::Error::New(env, failure).Value());
                }
                delete this;
            });
            last.Release();
        }
        void runSteps() {
            auto told = Clock::now();
            for (int32_t step = 1;; step++) {
                const auto started = Clock::now();
                decode();
                const std::chrono::duration<double, std::milli> decoding = Clock::now() - started;
                if (!drawAll(decoding.count()) || step >= run.steps || __atomic_load_n(run.interrupt, __ATOMIC_RELAXED) != 0) {
                    return;
                }
                const auto now = Clock::now();
                const std::chrono::duration<double, std::milli> untilNext = now - told + (now - started);
                batchOfDrawn();
                if (untilNext.count() > run.tellMs && !isTelling.exchange(true)) {
                    told = now;
                    toJs.NonBlockingCall([this, rows = std::move(drawn)](Napi::Env env, Napi::Function onDrawn) {
                        isTelling = false;
                        onDrawn.Call({ toArray(env, rows) });
                    });
                    drawn.clear();
                }
            }
        }
        static Napi::Int32Array toArray(Napi::Env env, const std::vector<int32_t> & numbers) {
            auto array = Napi::Int32Array::New(env, numbers.size());
            std::copy(numbers.begin(), numbers.end(), array.Data());
            return array;
        }
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
        bool drawAll(double decodeMs) {
            for (auto & each : draws) {
                each.logits.clear();
                for (int32_t guess = 0; guess <= each.guesses; guess++) {
                    each.logits.push_back(llama_get_logits_ith(context->ctx, each.batchIndex + guess));
                }
            }
            retort::shareDraws(draws.size(), llama_vocab_n_tokens(context->model->vocab), decodeMs, [this](size_t i) { drawAlong(draws[i]); });
            bool goesOn = !draws.empty();
            for (const auto & each : draws) {
                drawn.push_back(static_cast<int32_t>(each.drawn.size()));
                drawn.insert(drawn.end(), each.drawn.begin(), each.drawn.end());
                goesOn = goesOn && !needsLook(each.drawn.back());
            }
            return goesOn;
        }
        // Further than one token only along guesses that come true: the logits after a guess hold when it is what was drawn.
        void drawAlong(Draw & each) {
            each.drawn.clear();
            for (int32_t guess = 0;; guess++) {
                const int32_t at = each.batchIndex + guess;
                llama_token token = FAILED;
                try {
                    token = retort::draw(*context, *each.sampler, each.logits[guess], at);
                } catch (...) {
                }
                each.drawn.push_back(token);
                if (needsLook(token) || guess == each.guesses || token != context->batch.token[at + 1]) {
                    return;
                }
            }
        }
        bool needsLook(llama_token token) const {
            return token < 0 || llama_vocab_is_eog(context->model->vocab, token) ||
                std::find(run.stops.begin(), run.stops.end(), token) != run.stops.end();
        }
        void batchOfDrawn() {
            context->batch.n_tokens = 0;
            auto fill = fills.begin();
            for (size_t i = 0; i < draws.size(); i++) {
                for (; fill != fills.end() && fill->before <= i; fill++) {
                    llama_memory_seq_rm(llama_get_memory(context->ctx), fill->sequence, fill->position, -1);
                    common_batch_add(context->batch, FILLING, fill->position, { fill->sequence }, false);
                }
                auto & each = draws[i];
                each.batchIndex = context->batch.n_tokens;
                common_batch_add(context->batch, each.drawn.back(), each.position++, { each.sequence }, true);
            }
        }

        AddonContext * context;
        std::vector<Draw> draws;
        std::vector<Fill> fills;
        Run run;
        Napi::ObjectReference interrupt;
        Napi::Promise::Deferred deferred;
        Napi::ThreadSafeFunction toJs; // calls in order
        std::atomic<bool> isTelling = false; // what JavaScript has no time for yet is not heaped up, but told in one
        std::vector<int32_t> drawn; // a row a step; what was not told
};

// retortStep(context, entries: Int32Array, tokens: Uint32Array, samplers: AddonSampler[], steps: number, tellMs: number,
//            stops: Uint32Array, interrupt: Int32Array, onDrawn: (drawn: Int32Array) => void): Promise<Int32Array>
//
// `entries` holds five numbers a slot, slots ascending: sequence, first position, count of its `tokens`, what becomes of
// the last of them (0 nothing, 1 logits, 2 logits and a draw by the next of `samplers`, 3 a row of nothing between two that
// draw), and how many more tokens follow that are guesses at what is drawn. Logits are there after each of those too. A draw
// goes on along the guesses as long as they are what comes out, and no further than a token that is in `stops` or ends the
// generation. Logits stay for sampleToken. Cells of wrong guesses and of the last step's rows of nothing stay in the cache.
//
// With `steps` above 1, which asks for a draw or a row of nothing of every slot and for no guesses, up to so many steps
// follow each other, each with the tokens that the one before drew, until one of them is in `stops` or ends the generation, or interrupt[0] is
// not 0. Whenever the next step would end later than `tellMs` after the last time, `onDrawn` is called with what was drawn
// since, unless its last call has not begun yet; the promise resolves to the rest. Both are one list a draw and step, steps
// outermost: how many tokens, and the tokens. The very last ones of all are not evaluated.
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
    std::vector<Fill> fills;
    int32_t at = 0;
    for (size_t entry = 0; entry + 4 < entries.ElementLength(); entry += 5) {
        const int32_t sequence = entries[entry], position = entries[entry + 1], count = entries[entry + 2], wants = entries[entry + 3];
        const int32_t guesses = entries[entry + 4];
        if (count <= 0 || guesses < 0 || at + count + guesses > size) {
            Napi::RangeError::New(info.Env(), "Entries and tokens differ").ThrowAsJavaScriptException();
            return info.Env().Undefined();
        }
        for (int32_t index = 0; index < count + guesses; index++, at++) {
            const bool hasLogits = (wants == 1 || wants == 2) && index >= count - 1;
            common_batch_add(context->batch, static_cast<llama_token>(tokens[at]), position + index, { sequence }, hasLogits);
        }
        if (wants == 2) {
            auto sampler = samplers.Get(static_cast<uint32_t>(draws.size())).As<Napi::Object>();
            draws.push_back({ Napi::ObjectWrap<AddonSampler>::Unwrap(sampler), at - 1 - guesses, guesses, sequence, position + count });
        } else if (wants == 3) {
            fills.push_back({ sequence, position, draws.size() });
        }
    }
    Run run = {
        (draws.size() + fills.size()) * 5 == entries.ElementLength() ? info[4].As<Napi::Number>().Int32Value() : 1,
        info[5].As<Napi::Number>().DoubleValue(),
        std::vector<llama_token>(stops.Data(), stops.Data() + stops.ElementLength()),
        interrupt.Data(),
    };
    return StepJob::start(info.Env(), context, std::move(draws), std::move(fills), std::move(run), interrupt, info[8].As<Napi::Function>());
}

// retortDecode(context): Promise, of the batch that was put together by initBatch and addToBatch.
Napi::Value decode(const Napi::CallbackInfo & info) {
    auto * context = Napi::ObjectWrap<AddonContext>::Unwrap(info[0].As<Napi::Object>());
    if (context->disposed || !context->has_batch) {
        Napi::RangeError::New(info.Env(), "No batch").ThrowAsJavaScriptException();
        return info.Env().Undefined();
    }
    const auto interrupt = Napi::Int32Array::New(info.Env(), 1);
    const auto onDrawn = Napi::Function::New(info.Env(), [](const Napi::CallbackInfo &) {});
    return StepJob::start(info.Env(), context, {}, {}, { 1, 0, {}, interrupt.Data() }, interrupt, onDrawn);
}

} // namespace

// Of a context: how many of the micro-batches that are computed at once one batch may be. llama.cpp cuts it itself, and the
// next piece does not wait for JavaScript.
uint32_t retortBatchSize(uint32_t microBatchSize) {
    return 4 * microBatchSize;
}

// check-kernels.cpp
Napi::Value checkKernels(const Napi::CallbackInfo & info);

void registerRetort(Napi::Env env, Napi::Object exports) {
    exports.Set("retortStep", Napi::Function::New(env, step, "retortStep"));
    exports.Set("retortDecode", Napi::Function::New(env, decode, "retortDecode"));
    exports.Set("retortCheckKernels", Napi::Function::New(env, checkKernels, "retortCheckKernels"));
    exports.Set("retortStepVersion", Napi::Number::New(env, 7));
}
