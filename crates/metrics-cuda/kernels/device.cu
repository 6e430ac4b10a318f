// What the launcher needs of the CUDA runtime.
#include <cuda_runtime.h>

#include "api.h"

const char *tm_status_text(int status) { return cudaGetErrorString(cudaError_t(status)); }

int tm_device_count(int *n_devices) { return cudaGetDeviceCount(n_devices); }

void tm_forget_error() { cudaGetLastError(); }

// Functions of the driver, which the runtime has found: a program that links the driver starts on no machine without it.
template <typename Function> static int driver(const char *name, Function **function) {
    void *address = nullptr;
    cudaDriverEntryPointQueryResult found;
#if CUDART_VERSION >= 12050
    const int error =
        cudaGetDriverEntryPointByVersion(name, &address, 12000, cudaEnableDefault, &found);
#else
    const int error = cudaGetDriverEntryPoint(name, &address, cudaEnableDefault, &found);
#endif
    if (error) return error;
    if (found != cudaDriverEntryPointSuccess) return cudaErrorInsufficientDriver;
    *function = reinterpret_cast<Function *>(address);
    return 0;
}

int tm_enter(int device, void **previous) {
    int (*get)(void **) = nullptr;
    if (const int error = driver("cuCtxGetCurrent", &get)) return error;
    if (const int error = get(previous)) return error;
    int current = 0;
    if (const int error = cudaGetDevice(&current)) return error;
    if (*previous && current == device) return 0;
    return cudaSetDevice(device);
}

int tm_leave(void *previous) {
    int (*set)(void *) = nullptr;
    if (const int error = driver("cuCtxSetCurrent", &set)) return error;
    return set(previous);
}

int tm_fill(void *to, int byte, size_t n_bytes, void *stream) {
    return cudaMemsetAsync(to, byte, n_bytes, cudaStream_t(stream));
}

int tm_copy(void *to, const void *from, size_t n_bytes, void *stream) {
    return cudaMemcpyAsync(to, from, n_bytes, cudaMemcpyDefault, cudaStream_t(stream));
}

int tm_wait(void *stream) { return cudaStreamSynchronize(cudaStream_t(stream)); }

int tm_wait_for_device() { return cudaDeviceSynchronize(); }
