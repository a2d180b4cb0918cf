// Whether matrices that ggml has repacked for this processor, by our kernels (k-quants.h) or its own, give the products
// that plain ones give. A build is tried out with it before it is installed.
#include "ggml-alloc.h"
#include "ggml-backend.h"
#include "ggml-cpu.h"

#include <napi.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace {

// Null where ggml repacks nothing.
ggml_backend_buffer_type_t repackedBuffers() {
    const auto registry = ggml_backend_cpu_reg();
    const auto list = reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(
        ggml_backend_reg_get_proc_address(registry, "ggml_backend_dev_get_extra_bufts"));
    for (auto type = list ? list(ggml_backend_reg_dev_get(registry, 0)) : nullptr; type && *type; type++)
        if (strcmp(ggml_backend_buft_name(*type), "CPU_REPACK") == 0) return *type;
    return nullptr;
}

struct Product {
    ggml_type type;
    int n, columns, rows;
    std::vector<uint8_t> weights;
    std::vector<float> activations;
};

// columns x rows numbers; none when these weights cannot lie in such buffers.
std::vector<float> multiply(ggml_backend_t backend, ggml_backend_buffer_type_t buffers, const Product & of) {
    ggml_context * weightsContext = ggml_init({ 4 * ggml_tensor_overhead(), nullptr, true });
    ggml_context * context = ggml_init({ 4 * ggml_tensor_overhead() + ggml_graph_overhead(), nullptr, true });
    ggml_tensor * weights = ggml_new_tensor_2d(weightsContext, of.type, of.n, of.columns);
    ggml_tensor * activations = ggml_new_tensor_2d(context, GGML_TYPE_F32, of.n, of.rows);
    ggml_tensor * product = ggml_mul_mat(context, weights, activations);
    weights->buffer = ggml_backend_buft_alloc_buffer(buffers, 0);
    const bool fits = ggml_backend_supports_op(backend, product);
    ggml_backend_buffer_free(weights->buffer);
    weights->buffer = nullptr;

    std::vector<float> result;
    if (fits) {
        ggml_cgraph * graph = ggml_new_graph(context);
        ggml_build_forward_expand(graph, product);
        const auto weightsBuffer = ggml_backend_alloc_ctx_tensors_from_buft(weightsContext, buffers);
        const auto buffer = ggml_backend_alloc_ctx_tensors(context, backend);
        ggml_backend_tensor_set(weights, of.weights.data(), 0, of.weights.size());
        ggml_backend_tensor_set(activations, of.activations.data(), 0, of.activations.size() * sizeof(float));
        result.resize(static_cast<size_t>(of.columns) * of.rows, std::numeric_limits<float>::quiet_NaN());
        if (ggml_backend_graph_compute(backend, graph) == GGML_STATUS_SUCCESS)
            ggml_backend_tensor_get(product, result.data(), 0, result.size() * sizeof(float));
        ggml_backend_buffer_free(buffer);
        ggml_backend_buffer_free(weightsBuffer);
    }
    ggml_free(context);
    ggml_free(weightsContext);
    return result;
}

// Of the squares; NaN when a product is.
double relativeError(const std::vector<float> & right, const std::vector<float> & tried) {
    double error = 0, size = 0;
    for (size_t index = 0; index < right.size(); index++) {
        const double difference = static_cast<double>(right[index]) - tried[index];
        error += difference * difference;
        size += static_cast<double>(right[index]) * right[index];
    }
    return error / size;
}

} // namespace

// retortCheckKernels(): the largest relative error, of squares, among products of each kind and number of rows.
Napi::Value checkKernels(const Napi::CallbackInfo & info) {
    ggml_backend_buffer_type_t repacked = repackedBuffers();
    ggml_backend_t backend = ggml_backend_cpu_init();
    std::mt19937 random(1);
    std::normal_distribution<float> weight(0.3f), activation(-0.2f);
    double worst = 0;
    for (const ggml_type type : { GGML_TYPE_Q4_K, GGML_TYPE_Q5_K, GGML_TYPE_Q6_K })
        for (const int rows : { 1, 2, 3, 4, 7, 8, 13, 70 }) {
            Product product = { type, 768, 72, rows, {}, std::vector<float>(static_cast<size_t>(768 * rows)) };
            std::vector<float> plain(static_cast<size_t>(product.n * product.columns));
            for (float & value : plain) value = weight(random);
            for (float & value : product.activations) value = activation(random);
            product.weights.resize(ggml_row_size(type, product.n) * product.columns);
            ggml_quantize_chunk(type, plain.data(), product.weights.data(), 0, product.columns, product.n, nullptr);
            const auto tried = repacked ? multiply(backend, repacked, product) : std::vector<float>();
            if (tried.empty()) continue;
            const double error = relativeError(multiply(backend, ggml_backend_cpu_buffer_type(), product), tried);
            // Not std::max, which would drop a NaN.
            if (!(error <= worst)) worst = error;
        }
    ggml_backend_free(backend);
    return Napi::Number::New(info.Env(), worst);
}
