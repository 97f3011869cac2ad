// A library for LD_PRELOAD that counts the memory allocations of a running server, so that a test
// can hold it to none per request. It takes the place of malloc and its family, of operator new and
// of mmap, passes every call on to glibc, and counts in a file that the test has mapped too.
//
// With LOGBOOM_ALLOC_CANARY in the environment it allocates once itself for every kReadsPerCanary
// reads from a descriptor: a test that does not notice that is worth nothing.

#include "tests/support/allocation_counter.hpp"

#include <execinfo.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <new>

// glibc's own allocator under the names it keeps for those who interpose the usual ones.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
}

namespace {

using logboom::support::AllocationCounts;
using logboom::support::AllocationKind;
using logboom::support::AllocationTrace;

constexpr std::uint64_t kReadsPerCanary = 100;

// Set once by start(); allocations before that, by the loader, go uncounted.
AllocationCounts* counts = nullptr;
bool canary = false;

// Keeps what backtrace() allocates out of the count. initial-exec, because the usual model of a
// library allocates a thread's variables on first use, within malloc.
thread_local bool tracing __attribute__((tls_model("initial-exec"))) = false;

void take_trace(AllocationKind kind, std::size_t bytes) noexcept {
  const std::uint64_t index = counts->traces_taken.fetch_add(1, std::memory_order_relaxed);
  if (index >= logboom::support::kTracesMax) return;
  AllocationTrace& trace = counts->traces[index];
  tracing = true;
  void* frames[logboom::support::kFramesMax];
  const int taken = backtrace(frames, logboom::support::kFramesMax);
  tracing = false;
  for (int i = 0; i < taken; ++i) trace.frames[i] = reinterpret_cast<std::uint64_t>(frames[i]);
  trace.kind = static_cast<std::uint64_t>(kind);
  trace.bytes = bytes;
  trace.frame_count = static_cast<std::uint64_t>(taken);
}

void count(AllocationKind kind, std::size_t bytes) noexcept {
  if (counts == nullptr || tracing) return;
  if (counts->armed.load(std::memory_order_relaxed) == 0) return;
  counts->counts[static_cast<std::size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
  counts->bytes.fetch_add(bytes, std::memory_order_relaxed);
  const int saved_errno = errno;
  take_trace(kind, bytes);
  errno = saved_errno;
}

void count_read() noexcept {
  if (counts == nullptr || counts->armed.load(std::memory_order_relaxed) == 0) return;
  const std::uint64_t reads = counts->reads.fetch_add(1, std::memory_order_relaxed);
  if (!canary || reads % kReadsPerCanary != 0) return;
  // volatile, lest the compiler take the pair away.
  void* volatile memory = std::malloc(1);
  std::free(memory);
}

AllocationCounts* map_counts(const char* path) noexcept {
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* memory =
      mmap(nullptr, sizeof(AllocationCounts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<AllocationCounts*>(memory);
}

__attribute__((constructor)) void start() {
  const char* path = std::getenv("LOGBOOM_ALLOC_COUNTER");
  if (path == nullptr) return;
  // The first backtrace() loads libgcc, which allocates: before anything is counted.
  void* frame = nullptr;
  static_cast<void>(backtrace(&frame, 1));
  canary = std::getenv("LOGBOOM_ALLOC_CANARY") != nullptr;
  counts = map_counts(path);
  if (counts == nullptr) {
    constexpr char kMessage[] = "allocation_counter: cannot map LOGBOOM_ALLOC_COUNTER\n";
    static_cast<void>(!write(STDERR_FILENO, kMessage, sizeof(kMessage) - 1));
    std::abort();
  }
}

void* new_or_null(std::size_t bytes) noexcept {
  count(AllocationKind::operator_new, bytes);
  return __libc_malloc(bytes == 0 ? 1 : bytes);
}

void* new_or_null(std::size_t bytes, std::align_val_t alignment) noexcept {
  count(AllocationKind::operator_new, bytes);
  return __libc_memalign(static_cast<std::size_t>(alignment), bytes == 0 ? 1 : bytes);
}

void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

extern "C" {

void* malloc(std::size_t bytes) noexcept {
  count(AllocationKind::malloc, bytes);
  return __libc_malloc(bytes);
}

void* calloc(std::size_t number, std::size_t bytes) noexcept {
  count(AllocationKind::calloc, number * bytes);
  return __libc_calloc(number, bytes);
}

void* realloc(void* memory, std::size_t bytes) noexcept {
  count(AllocationKind::realloc, bytes);
  return __libc_realloc(memory, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  count(AllocationKind::aligned, bytes);
  return __libc_memalign(alignment, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  count(AllocationKind::aligned, bytes);
  return __libc_memalign(alignment, bytes);
}

void* valloc(std::size_t bytes) noexcept {
  return memalign(static_cast<std::size_t>(sysconf(_SC_PAGESIZE)), bytes);
}

int posix_memalign(void** out, std::size_t alignment, std::size_t bytes) noexcept {
  if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  count(AllocationKind::aligned, bytes);
  void* memory = __libc_memalign(alignment, bytes);
  if (memory == nullptr) return ENOMEM;
  *out = memory;
  return 0;
}

void* mmap(void* address, std::size_t bytes, int protection, int flags, int file,
           off_t offset) noexcept {
  count(AllocationKind::mmap, bytes);
  const long result = syscall(SYS_mmap, address, bytes, protection, flags, file, offset);
  return reinterpret_cast<void*>(result);  // NOLINT(performance-no-int-to-ptr): the kernel's
}

void* mmap64(void* address, std::size_t bytes, int protection, int flags, int file,
             off64_t offset) noexcept {
  return mmap(address, bytes, protection, flags, file, offset);
}

// The system calls themselves, since looking glibc's functions up may allocate, or come too late
// for a library whose constructor reads.
ssize_t recv(int socket, void* buffer, std::size_t bytes, int flags) {
  count_read();
  return syscall(SYS_recvfrom, socket, buffer, bytes, flags, nullptr, nullptr);
}

ssize_t read(int file, void* buffer, std::size_t bytes) {
  count_read();
  return syscall(SYS_read, file, buffer, bytes);
}

ssize_t readv(int file, const iovec* pieces, int piece_count) {
  count_read();
  return syscall(SYS_readv, file, pieces, piece_count);
}

ssize_t recvmsg(int socket, msghdr* message, int flags) {
  count_read();
  return syscall(SYS_recvmsg, socket, message, flags);
}

}  // extern "C"

// Every form of operator new, so that the count tells it from malloc. The matching operator delete
// of the C++ library calls free(), which fits glibc's allocator.
void* operator new(std::size_t bytes) {
  return or_throw(new_or_null(bytes));
}
void* operator new[](std::size_t bytes) {
  return or_throw(new_or_null(bytes));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return new_or_null(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return new_or_null(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return or_throw(new_or_null(bytes, alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return or_throw(new_or_null(bytes, alignment));
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return new_or_null(bytes, alignment);
}
void* operator new[](std::size_t bytes, std::align_val_t alignment,
                     const std::nothrow_t&) noexcept {
  return new_or_null(bytes, alignment);
}
