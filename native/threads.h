// The threads of the steps: one computes, others take a share of the draws.
#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace retort {

// Threads that take jobs in order. Never destroyed: they may be waiting when the process ends.
class Threads {
    public:
        explicit Threads(size_t count) {
            for (size_t i = 0; i < count; i++) {
                std::thread([this] { work(); }).detach();
            }
        }
        void push(std::function<void()> job) {
            {
                std::lock_guard<std::mutex> lock(mutex);
                jobs.push_back(std::move(job));
            }
            added.notify_one();
        }

    private:
        void work() {
            for (;;) {
                std::unique_lock<std::mutex> lock(mutex);
                added.wait(lock, [this] { return !jobs.empty(); });
                const auto job = std::move(jobs.front());
                jobs.pop_front();
                lock.unlock();
                job();
            }
        }

        std::mutex mutex;
        std::condition_variable added;
        std::deque<std::function<void()>> jobs;
};

// The thread that computes. It is one: OpenMP keeps a team of threads for each thread that ever computed, and teams take the
// cores from each other. It is none of libuv's: it may be busy as long as a text is long.
inline Threads & computeThread() {
    static auto * threads = new Threads(1);
    return *threads;
}

// Calls work(0) to work(count - 1), on this thread and on as many more as pay. 64 rows of 152,000 logits in a GPU's step of 8 ms,
// 16 hardware threads: 14.8 ms on one, 2.3 on 8, 1.6 on 14. Where a step is much longer than its draws nobody is woken: on CPU
// the cores are those of the threads that compute.
inline void shareDraws(size_t count, int32_t vocabulary, double stepMs, const std::function<void(size_t)> & work) {
    constexpr size_t LOGITS_A_THREAD = 250'000; // waking one takes some 0.05 ms
    constexpr double LOGITS_A_MS = 1'500'000, LEAST_SHARE = 0.05;
    static const size_t most = std::min(std::thread::hardware_concurrency() * 3 / 4, 16u);
    const size_t logits = count * static_cast<size_t>(vocabulary);
    const bool pays = logits / LOGITS_A_MS > stepMs * LEAST_SHARE;
    const size_t threads = pays ? std::min({ most, count, logits / LOGITS_A_THREAD }) : 1;
    struct Round {
        std::atomic<size_t> next = 0, done = 0;
    };
    const auto round = std::make_shared<Round>();
    const auto takePart = [round, count, work] {
        for (size_t i = round->next++; i < count; i = round->next++) {
            work(i);
            round->done++;
        }
    };
    if (threads > 1) {
        static auto * helpers = new Threads(most - 1);
        for (size_t i = 1; i < threads; i++) {
            helpers->push(takePart);
        }
    }
    takePart();
    while (round->done < count) {
        std::this_thread::yield();
    }
}

} // namespace retort
