//! The changes. Of a place in the code, the part in `«»` is replaced: a statement, or an expression.

/// A change of the kernels, or of what launches them.
#[derive(Debug)]
pub(super) struct Mutant {
    pub(super) what: &'static str,
    pub(super) file: &'static str,
    pub(super) place: &'static str,
    pub(super) replacement: &'static str,
    /// The tests that run, by the beginning of their names, until one fails or makes a report.
    pub(super) tests: &'static str,
}

const fn mutant(
    what: &'static str,
    file: &'static str,
    place: &'static str,
    replacement: &'static str,
    tests: &'static str,
) -> Mutant {
    Mutant { what, file, place, replacement, tests }
}

const NONE: &str = ";";
const RANKING: &str = "emulated::ranking::tasks";
const ONE_TASK: &str = "emulated::ranking::one_task";
const MANY: &str = "emulated::ranking::every_way";
const COUNTING: &str = "emulated::counting";
const REJECTING: &str = "emulated::rejecting";
const PRIMITIVES: &str = "emulated::primitives";
const LAUNCHING: &str = "emulated::launching";

pub(super) const MUTANTS: [Mutant; 36] = [
    // Barriers.
    mutant(
        "no barrier after a block's findings are cleared",
        "read.cuh",
        "if (thread < 4) block[thread] = NONE; «__syncthreads();»",
        NONE,
        RANKING,
    ),
    mutant(
        "no barrier before a block's findings are read",
        "read.cuh",
        "lower(&block[3], invalid_target); } «__syncthreads();»",
        NONE,
        RANKING,
    ),
    mutant(
        "no barrier after words are loaded",
        "rank.cu",
        "own, n, Word(0)); «__syncthreads();»",
        NONE,
        RANKING,
    ),
    mutant(
        "no barrier before a neighbour's first word is read",
        "rank.cu",
        "storage.first[threadIdx.x] = own[0]; «__syncthreads();»",
        NONE,
        RANKING,
    ),
    mutant(
        "no barrier between distances and marks",
        "rank.cu",
        "words, n, uint64_t(0)); «__syncthreads();»",
        NONE,
        RANKING,
    ),
    mutant(
        "no barrier before the sums of a block are added up",
        "rank.cu",
        "sums.tp = tp; sums.fp = fp; }); «__syncthreads();»",
        NONE,
        RANKING,
    ),
    mutant(
        "no barrier before scores are counted",
        "count.cu",
        "i < 4 * n_shared; i += COUNT_THREADS) shared_counts[i] = 0; «__syncthreads();»",
        NONE,
        COUNTING,
    ),
    mutant(
        "no barrier before buckets are added to those of the device",
        "count.cu",
        "__device__ void end() { «__syncthreads();» for (uint32_t i = threadIdx.x; i < n_shared;",
        NONE,
        COUNTING,
    ),
    mutant(
        "no barrier between scan and sums of counts",
        "count.cu",
        "before = next; } «__syncthreads();»",
        NONE,
        COUNTING,
    ),
    // Bounds.
    mutant(
        "a sample after the last is read",
        "rank.cu",
        ": «after < total» ? view.words[after]",
        "after <= total",
        ONE_TASK,
    ),
    mutant(
        "a sample after the last is read, of distances",
        "rank.cu",
        ": «after < total» ? view.distances[after]",
        "after <= total",
        ONE_TASK,
    ),
    mutant("commit goes beyond its counters", "count.cu", "«if (i >= n) return;»", NONE, COUNTING),
    mutant(
        "a bin beyond the last",
        "ops.cu",
        "if («bin < n_bins»)",
        "bin <= n_bins",
        "simulated::numbers",
    ),
    mutant(
        "a neighbour after the last is read",
        "ops.cu",
        "to[i] = «i + 1 == n» ||",
        "i == n",
        PRIMITIVES,
    ),
    mutant(
        "distances beyond the last",
        "ops.cu",
        "«if (i >= n) return;» using S = Score<type>; to[i] = S::high",
        NONE,
        PRIMITIVES,
    ),
    // What is carried from tile to tile and from task to task.
    mutant(
        "the summary after the last tile is not set",
        "rank.cu",
        "«if (blockIdx.x == 0 && threadIdx.x == 0) tiles[gridDim.x] = nothing();»",
        NONE,
        RANKING,
    ),
    mutant(
        "tiles before are ignored",
        "rank.cu",
        "return «Join()(tiles[blockIdx.x], before)»;",
        "before",
        ONE_TASK,
    ),
    mutant(
        "positives of the chunk before are lost",
        "groups.cuh",
        "c.end_tp = «a.tp + b.end_tp»;",
        "b.end_tp",
        ONE_TASK,
    ),
    mutant(
        "a chunk without an end forgets the one before",
        "groups.cuh",
        "«c.end_at = a.end_at;»",
        NONE,
        ONE_TASK,
    ),
    mutant(
        "groups go on in the next task",
        "groups.cuh",
        "return «in_task + 1 == n_columns» ||",
        "false",
        RANKING,
    ),
    mutant(
        "a group of the task before counts",
        "groups.cuh",
        "uint64_t end_rank = «before.end_at > task_start» ?",
        "before.end_at > 0",
        RANKING,
    ),
    mutant(
        "all tiles are taken for tiles of one task",
        "rank.cu",
        "n_columns == total || «start / n_columns == (end - 1) / n_columns»",
        "true",
        RANKING,
    ),
    mutant(
        "the second piece of a sum is the first again",
        "rank.cu",
        "add(&to[i], «uint32_t(x >> (32 * i))»);",
        "uint32_t(x)",
        MANY,
    ),
    mutant(
        "pairs count half",
        "groups.cuh",
        "u128(fp - fp_before) * «(tp_before + tp)»",
        "(tp)",
        ONE_TASK,
    ),
    // What is told of a batch.
    mutant(
        "the lowest key is not noted",
        "read.cuh",
        "«if (key < found.min) found.min = key;»",
        NONE,
        ONE_TASK,
    ),
    mutant(
        "another row's block is taken for the last one",
        "read.cuh",
        "if («done != gridDim.x * gridDim.y») return;",
        "done != gridDim.x",
        REJECTING,
    ),
    mutant(
        "an invalid target does not keep a batch out",
        "count.cu",
        "«status->invalid_score == NONE && status->invalid_target == NONE»",
        "status->invalid_score == NONE",
        REJECTING,
    ),
    mutant("counters keep the batch before", "count.cu", "«counts[i] = 0;» }", NONE, COUNTING),
    mutant(
        "sums of the row before stay",
        "ops.cu",
        "to[i] = sums[i] - «(start ? sums[start - 1] : 0)»;",
        "0",
        PRIMITIVES,
    ),
    // What the host says.
    mutant(
        "the limit of a kernel's memory is that of one launch",
        "count.cu",
        "cudaFuncAttributeMaxDynamicSharedMemorySize, «int(most)»",
        "int(n_bytes)",
        LAUNCHING,
    ),
    mutant(
        "more memory than a block may have",
        "count.cu",
        "«n * sizeof(uint32_t) <= most» ?",
        "n * sizeof(uint32_t) <= most + 64",
        COUNTING,
    ),
    mutant(
        "the window of halves ends where memory does",
        "count.cu",
        "lowest = «after_one - least > n_shared» ?",
        "false",
        LAUNCHING,
    ),
    mutant(
        "the highest bit of the keys is not sorted",
        "rank.cu",
        "buffers, n, 1, «1 + plan.key_bits + plan.task_bits», stream",
        "plan.key_bits + plan.task_bits",
        RANKING,
    ),
    mutant(
        "a summary less is scanned",
        "rank.cu",
        "«uint32_t(tiles + 1)»",
        "uint32_t(tiles)",
        RANKING,
    ),
    mutant(
        "a thread without a context is given one",
        "device.cu",
        "return «set(previous)»;",
        "(previous ? set(previous) : 0)",
        LAUNCHING,
    ),
    mutant("errors are not forgotten", "device.cu", "«cudaGetLastError();»", NONE, LAUNCHING),
];
