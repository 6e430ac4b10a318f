// What the launcher needs of the CUDA runtime.
#include <cuda_runtime.h>

#include "api.h"

const char *tm_status_text(int status) { return cudaGetErrorString(cudaError_t(status)); }

int tm_device_count(int *n_devices) { return cudaGetDeviceCount(n_devices); }

int tm_set_device(int device, int *previous) {
    const int error = cudaGetDevice(previous);
    if (error || *previous == device) return error;
    return cudaSetDevice(device);
}

int tm_fill(void *to, int byte, size_t n_bytes, void *stream) {
    return cudaMemsetAsync(to, byte, n_bytes, cudaStream_t(stream));
}

int tm_copy(void *to, const void *from, size_t n_bytes, void *stream) {
    return cudaMemcpyAsync(to, from, n_bytes, cudaMemcpyDefault, cudaStream_t(stream));
}

int tm_wait(void *stream) { return cudaStreamSynchronize(cudaStream_t(stream)); }

int tm_wait_for_device() { return cudaDeviceSynchronize(); }
