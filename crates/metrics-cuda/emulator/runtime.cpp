// The CUDA runtime below nvcc's own host code: launches, attributes, copies and errors. Work is done when it is queued.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "context.h"
#include "entry.h"
#include "global.h"
#include "report.h"
#include "settings.h"

using namespace emulator;

namespace {

// Numbers of the runtime: `cudaError`, `cudaDeviceAttr`, `cudaFuncAttribute`.
enum Error { Success = 0, InvalidValue = 1, InvalidConfiguration = 9, InvalidFunction = 98, InvalidDevice = 101 };
enum Attribute {
    MaxThreads = 1,
    MaxGridX = 5,
    MaxGridY = 6,
    MaxShared = 8,
    WarpSize = 10,
    MaxRegisters = 12,
    Processors = 16,
    ThreadsPerProcessor = 39,
    CapabilityMajor = 75,
    CapabilityMinor = 76,
    SharedPerProcessor = 81,
    MaxSharedOptin = 97,
    ReservedShared = 111
};
constexpr int MaxDynamicShared = 8;
constexpr unsigned MOST_BLOCKS_X = 2147483647u, MOST_BLOCKS_YZ = 65535, MOST_THREADS = 1024;
constexpr int THREADS_A_PROCESSOR = 2048, BLOCKS_A_PROCESSOR = 32;

// A kernel as the host code knows it.
struct Function {
    std::string name;
    const Entry *entry = nullptr;
    std::atomic<int> max_dynamic{0};
};

std::map<const void *, Function> &functions() {
    static std::map<const void *, Function> all;
    return all;
}

struct Configuration {
    Dim grid, size;
    size_t dynamic_bytes;
    void *stream;
};

thread_local std::vector<Configuration> configurations;
thread_local int last_error = Success;
thread_local uint64_t waits = 0, device_waits = 0;
std::atomic<int> delay_us{0};

int failed(Error error) { return last_error = error; }

Function *function_of(const void *handle) {
    const auto at = functions().find(handle);
    if (at == functions().end()) return nullptr;
    Function &one = at->second;
    if (!one.entry) one.entry = find_entry(one.name);
    return one.entry ? &one : nullptr;
}

int launch(const void *handle, Dim grid, Dim size, void **arguments, size_t dynamic_bytes) {
    std::lock_guard<std::recursive_mutex> guard(lock());
    Function *function = function_of(handle);
    if (!function) return failed(InvalidFunction);
    use_device();
    const Entry &entry = *function->entry;
    const uint64_t n_threads = uint64_t(size.x) * size.y * size.z;
    // A warp that is not full is allowed, and no kernel of ours or of CUB has one.
    const bool fits = grid.x && grid.x <= MOST_BLOCKS_X && grid.y && grid.y <= MOST_BLOCKS_YZ &&
                      grid.z && grid.z <= MOST_BLOCKS_YZ && n_threads &&
                      n_threads <= std::min<uint64_t>(MOST_THREADS, entry.max_threads) &&
                      n_threads % 32 == 0;
    if (!fits) return failed(InvalidConfiguration);
    const int asked = function->max_dynamic;
    const size_t most = asked > 0 ? size_t(asked) : DEFAULT_SHARED - entry.n_static_bytes;
    if (dynamic_bytes > most || dynamic_bytes + entry.n_static_bytes > device().most_shared) {
        return failed(InvalidValue);
    }
    run(entry, grid, size, arguments, dynamic_bytes);
    return Success;
}

int attribute(int which) {
    switch (which) {
    case MaxThreads: return MOST_THREADS;
    case MaxGridX: return int(MOST_BLOCKS_X);
    case MaxGridY: return int(MOST_BLOCKS_YZ);
    case MaxShared: return int(DEFAULT_SHARED);
    case WarpSize: return 32;
    case MaxRegisters: return 65536;
    case Processors: return device().n_processors;
    case ThreadsPerProcessor: return THREADS_A_PROCESSOR;
    case CapabilityMajor: return capability() / 10;
    case CapabilityMinor: return capability() % 10;
    case SharedPerProcessor: return int(device().most_shared + RESERVED_SHARED);
    case MaxSharedOptin: return int(device().most_shared);
    case ReservedShared: return int(RESERVED_SHARED);
    default: return -1;
    }
}

}  // namespace

extern "C" {

// What nvcc's host code calls when a program starts.
void **__cudaRegisterFatBinary(void *) {
    static void *modules[64];
    static size_t n = 0;
    return &modules[n++ % 64];
}
void __cudaRegisterFatBinaryEnd(void **) {}
void __cudaUnregisterFatBinary(void **) {}
void __cudaRegisterVar(void **, char *, char *, const char *, int, size_t, int, int) {}
void __cudaRegisterFunction(void **, const char *handle, char *, const char *name, int, void *, void *,
                            void *, void *, int *) {
    functions()[handle].name = name;
}

// And where a kernel is launched.
unsigned __cudaPushCallConfiguration(Dim grid, Dim size, size_t dynamic_bytes, void *stream) {
    configurations.push_back({grid, size, dynamic_bytes, stream});
    return 0;
}
int __cudaPopCallConfiguration(Dim *grid, Dim *size, size_t *dynamic_bytes, void *stream) {
    const Configuration one = configurations.back();
    configurations.pop_back();
    *grid = one.grid;
    *size = one.size;
    *dynamic_bytes = one.dynamic_bytes;
    *static_cast<void **>(stream) = one.stream;
    return Success;
}
int __cudaGetKernel(void **kernel, const void *handle) {
    *kernel = const_cast<void *>(handle);
    return Success;
}
int __cudaLaunchKernel(void *kernel, Dim grid, Dim size, void **arguments, size_t dynamic_bytes,
                       void *) {
    return launch(kernel, grid, size, arguments, dynamic_bytes);
}
int cudaLaunchKernel(const void *kernel, Dim grid, Dim size, void **arguments, size_t dynamic_bytes,
                     void *) {
    return launch(kernel, grid, size, arguments, dynamic_bytes);
}
struct LaunchConfiguration {
    Dim grid, size;
    size_t dynamic_bytes;
    void *stream, *attributes;
    unsigned n_attributes;
};
int cudaLaunchKernelExC(const LaunchConfiguration *how, const void *kernel, void **arguments) {
    return launch(kernel, how->grid, how->size, arguments, how->dynamic_bytes);
}

int cudaGetLastError() {
    const int error = last_error;
    last_error = Success;
    return error;
}
int cudaPeekAtLastError() { return last_error; }
const char *cudaGetErrorString(int error) {
    switch (error) {
    case InvalidValue: return "invalid argument";
    case InvalidConfiguration: return "invalid configuration argument";
    case InvalidFunction: return "invalid device function";
    case InvalidDevice: return "invalid device ordinal";
    default: return "unknown error";
    }
}

int cudaGetDeviceCount(int *n) {
    *n = N_DEVICES;
    return Success;
}
int cudaGetDevice(int *ordinal) {
    *ordinal = current_device();
    return Success;
}
int cudaSetDevice(int ordinal) {
    if (ordinal < 0 || ordinal >= N_DEVICES) return failed(InvalidDevice);
    make_current(ordinal);
    return Success;
}
int cudaDeviceGetAttribute(int *value, int which, int) {
    *value = attribute(which);
    if (*value >= 0) return Success;
    found("no value of the device attribute %d", which);
    return failed(InvalidValue);
}

struct FunctionAttributes {
    size_t shared_bytes, constant_bytes, local_bytes;
    int max_threads, n_registers, ptx_version, binary_version;
};
int cudaFuncGetAttributes(FunctionAttributes *of, const void *handle) {
    const Function *function = function_of(handle);
    if (!function) return failed(InvalidFunction);
    *of = {function->entry->n_static_bytes, 0, 0, MOST_THREADS, 64, capability(), capability()};
    return Success;
}
int cudaFuncSetAttribute(const void *handle, int which, int value) {
    Function *function = function_of(handle);
    if (!function) return failed(InvalidFunction);
    if (which != MaxDynamicShared) return Success;
    if (size_t(value) + function->entry->n_static_bytes > device().most_shared) return failed(InvalidValue);
    function->max_dynamic = value;
    // Long enough for another thread to set it too.
    if (delay_us) std::this_thread::sleep_for(std::chrono::microseconds(delay_us));
    return Success;
}
int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *n, const void *handle, int n_threads,
                                                           size_t dynamic_bytes, unsigned) {
    const Function *function = function_of(handle);
    if (!function) return failed(InvalidFunction);
    const size_t a_block = dynamic_bytes + function->entry->n_static_bytes + RESERVED_SHARED;
    const size_t by_memory = (device().most_shared + RESERVED_SHARED) / a_block;
    *n = int(std::min({size_t(THREADS_A_PROCESSOR / n_threads), by_memory, size_t(BLOCKS_A_PROCESSOR)}));
    return Success;
}

int cudaMemcpyAsync(void *to, const void *from, size_t n_bytes, int, void *) {
    use_device();
    note_copy(to, from, n_bytes);
    std::memmove(to, from, n_bytes);
    return Success;
}
int cudaMemsetAsync(void *to, int byte, size_t n_bytes, void *) {
    use_device();
    note_fill(to, n_bytes);
    std::memset(to, byte, n_bytes);
    return Success;
}
int cudaStreamSynchronize(void *) {
    waits++;
    return Success;
}
int cudaDeviceSynchronize() {
    use_device();
    device_waits++;
    return Success;
}
int cudaStreamIsCapturing(void *, int *is_capturing) {
    *is_capturing = 0;
    return Success;
}

// For the tests: waits of this thread since the last call, and a delay after an attribute is set.
void tm_simulated_waits(uint64_t *of_stream, uint64_t *of_device) {
    *of_stream = std::exchange(waits, 0);
    *of_device = std::exchange(device_waits, 0);
}
void emulator_delay(int us) { delay_us = us; }

}  // extern "C"
