// The kernels that are translated.
#pragma once

#include <string>

#include "thread.h"

namespace emulator {

struct Parameter {
    unsigned offset, n_bytes;
};

struct Entry {
    const char *name;
    void (*run)(Thread &);
    unsigned n_static_bytes;  // of shared memory, whatever the launch asks for
    int max_threads;
    Parameter parameters[16];  // up to the first without bytes
};

// Makes kernels known that are for a compute capability, 90 for 9.0.
struct Registered {
    Registered(const Entry *entries, size_t n, int capability);
};

// The kernel of a name. CUB's may be in several modules, which are the same.
const Entry *find_entry(const std::string &name);
// How many kernels there are.
size_t n_entries();
int capability();

// Runs a kernel to its end.
void run(const Entry &entry, Dim grid, Dim size, void **arguments, size_t dynamic_bytes);

}  // namespace emulator
