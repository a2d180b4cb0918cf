// Whether our kernels (k-quants.h, attention.h), or ggml's own where we have none, give what plain ones give. A build is
// tried out with it before it is installed.
#include "ggml-alloc.h"
#include "ggml-backend.h"
#include "ggml-cpu.h"

#include <napi.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <vector>

namespace {

std::mt19937 randomBits;

std::vector<float> randomNumbers(size_t count, float mean) {
    std::normal_distribution<float> distribution(mean);
    std::vector<float> numbers(count);
    for (float & number : numbers) number = distribution(randomBits);
    return numbers;
}

// Of the squares; NaN when a number is.
double relativeError(const std::vector<float> & right, const std::vector<float> & tried) {
    double error = 0, size = 0;
    for (size_t index = 0; index < right.size(); index++) {
        const double difference = static_cast<double>(right[index]) - tried[index];
        error += difference * difference;
        size += static_cast<double>(right[index]) * right[index];
    }
    return error / size;
}

// A graph of one node, computed.
class Computation {
    public:
        // With weights in buffers of their own; in those of the CPU by default.
        Computation(ggml_backend_t backend, ggml_backend_buffer_type_t weights = ggml_backend_cpu_buffer_type()) : backend(backend), weightsType(weights) {}
        ~Computation() {
            ggml_backend_buffer_free(buffer);
            ggml_backend_buffer_free(weightsBuffer);
            ggml_free(context);
            ggml_free(weightsContext);
        }

        // Numbers of that type. The first tensor counts as the weights.
        ggml_tensor * tensor(ggml_type type, std::vector<int64_t> shape, const std::vector<float> & numbers) {
            ggml_tensor * made = ggml_new_tensor(inputs.empty() ? weightsContext : context, type, static_cast<int>(shape.size()), shape.data());
            std::vector<uint8_t> bytes(ggml_nbytes(made));
            ggml_quantize_chunk(type, numbers.data(), bytes.data(), 0, ggml_nrows(made), shape[0], nullptr);
            inputs.push_back({ made, std::move(bytes) });
            return made;
        }

        // None when its weights cannot lie in such buffers.
        std::vector<float> run(const std::function<ggml_tensor *(ggml_context *)> & makeNode) {
            ggml_tensor * node = makeNode(context);
            weightsBuffer = ggml_backend_alloc_ctx_tensors_from_buft(weightsContext, weightsType);
            if (weightsBuffer == nullptr || !ggml_backend_supports_op(backend, node)) return {};
            ggml_cgraph * graph = ggml_new_graph(context);
            ggml_build_forward_expand(graph, node);
            buffer = ggml_backend_alloc_ctx_tensors(context, backend);
            for (const auto & input : inputs) ggml_backend_tensor_set(input.tensor, input.bytes.data(), 0, input.bytes.size());
            std::vector<float> result(ggml_nelements(node), std::numeric_limits<float>::quiet_NaN());
            if (ggml_backend_graph_compute(backend, graph) == GGML_STATUS_SUCCESS)
                ggml_backend_tensor_get(node, result.data(), 0, result.size() * sizeof(float));
            return result;
        }

    private:
        struct Input {
            ggml_tensor * tensor;
            std::vector<uint8_t> bytes;
        };
        ggml_backend_t backend;
        ggml_backend_buffer_type_t weightsType;
        ggml_context * context = ggml_init({ 16 * ggml_tensor_overhead() + ggml_graph_overhead(), nullptr, true });
        ggml_context * weightsContext = ggml_init({ 2 * ggml_tensor_overhead(), nullptr, true });
        ggml_backend_buffer_t buffer = nullptr, weightsBuffer = nullptr;
        std::vector<Input> inputs;
};

// Buffers in which ggml repacks weights for this processor; null where it does not.
ggml_backend_buffer_type_t repackedBuffers() {
    const auto registry = ggml_backend_cpu_reg();
    const auto list = reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(
        ggml_backend_reg_get_proc_address(registry, "ggml_backend_dev_get_extra_bufts"));
    for (auto type = list ? list(ggml_backend_reg_dev_get(registry, 0)) : nullptr; type && *type; type++)
        if (strcmp(ggml_backend_buft_name(*type), "CPU_REPACK") == 0) return *type;
    return nullptr;
}

// Of repacked weights and plain ones.
double errorOfProduct(ggml_backend_t backend, ggml_type type, int rows) {
    constexpr int64_t SIZE = 768, COLUMNS = 72;
    const auto repacked = repackedBuffers();
    if (repacked == nullptr) return 0;
    const auto weights = randomNumbers(SIZE * COLUMNS, 0.3f), activations = randomNumbers(SIZE * rows, -0.2f);
    const auto compute = [&](ggml_backend_buffer_type_t buffers) {
        Computation computation(backend, buffers);
        ggml_tensor * a = computation.tensor(type, { SIZE, COLUMNS }, weights);
        ggml_tensor * b = computation.tensor(GGML_TYPE_F32, { SIZE, rows }, activations);
        return computation.run([=](ggml_context * context) { return ggml_mul_mat(context, a, b); });
    };
    const auto tried = compute(repacked);
    return tried.empty() ? 0 : relativeError(compute(ggml_backend_cpu_buffer_type()), tried);
}

// Of keys and values of 16 bits and of 32, the numbers being the same.
double errorOfAttention(ggml_backend_t backend, int64_t size, int64_t group, int64_t tokens) {
    constexpr int64_t KEY_HEADS = 2, POSITIONS = 85, STREAMS = 2;
    const auto round = [](std::vector<float> numbers) {
        for (float & number : numbers) number = ggml_fp16_to_fp32(ggml_fp32_to_fp16(number));
        return numbers;
    };
    const auto queries = randomNumbers(size * tokens * group * KEY_HEADS * STREAMS, 0);
    const auto keys = round(randomNumbers(size * POSITIONS * KEY_HEADS * STREAMS, 0));
    const auto values = round(randomNumbers(size * POSITIONS * KEY_HEADS * STREAMS, 0.5f));
    std::vector<float> mask(POSITIONS * tokens * STREAMS, -INFINITY);
    // Each sees a part of its own, some of it in between nothing at all.
    for (int64_t row = 0; row < tokens * STREAMS; row++)
        for (int64_t position = row % 3 * 20; position < POSITIONS - row; position++)
            if (position / 20 != 2) mask[row * POSITIONS + position] = 0;
    const auto compute = [&](ggml_type type) {
        Computation computation(backend);
        ggml_tensor * q = computation.tensor(GGML_TYPE_F32, { size, tokens, group * KEY_HEADS, STREAMS }, queries);
        ggml_tensor * k = computation.tensor(type, { size, POSITIONS, KEY_HEADS, STREAMS }, keys);
        ggml_tensor * v = computation.tensor(type, { size, POSITIONS, KEY_HEADS, STREAMS }, values);
        ggml_tensor * m = computation.tensor(GGML_TYPE_F16, { POSITIONS, tokens, 1, STREAMS }, mask);
        const float scale = 1 / std::sqrt(static_cast<float>(size));
        return computation.run([=](ggml_context * context) { return ggml_flash_attn_ext(context, q, k, v, m, scale, 0, 0); });
    };
    return relativeError(compute(GGML_TYPE_F32), compute(GGML_TYPE_F16));
}

} // namespace

// retortCheckKernels(): the largest relative error, of squares, of all of them.
Napi::Value checkKernels(const Napi::CallbackInfo & info) {
    ggml_backend_t backend = ggml_backend_cpu_init();
    randomBits.seed(1);
    double worst = 0;
    // A NaN stays.
    const auto count = [&](double error) { worst = std::isnan(error) || error > worst ? error : worst; };
    for (const ggml_type type : { GGML_TYPE_Q4_K, GGML_TYPE_Q5_K, GGML_TYPE_Q6_K })
        for (const int rows : { 1, 2, 3, 4, 7, 8, 13, 70 }) count(errorOfProduct(backend, type, rows));
    for (const int64_t size : { 32, 64, 128 })
        for (const int64_t group : { 1, 3, 6 })
            for (const int64_t tokens : { 1, 2, 9 }) count(errorOfAttention(backend, size, group, tokens));
    ggml_backend_free(backend);
    return Napi::Number::New(info.Env(), worst);
}
