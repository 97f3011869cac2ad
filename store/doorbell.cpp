#include "store/doorbell.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

namespace logboom::store {

static_assert(std::atomic<std::uint32_t>::is_always_lock_free &&
              sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

void Doorbell::add(std::int64_t units) noexcept {
  const std::int64_t waiting = waiting_.fetch_add(units, std::memory_order_seq_cst) + units;
  std::int64_t wake_at = wake_at_.load(std::memory_order_seq_cst);
  if (waiting < wake_at) return;
  // Whoever turns it back to awake makes the system call; the others need not.
  if (wake_at_.compare_exchange_strong(wake_at, kAwake, std::memory_order_seq_cst)) ring();
}

void Doorbell::stay_awake() noexcept {
  add(kPlenty);
}

std::int64_t Doorbell::waiting() const noexcept {
  // Pairs with add() in a producer that has published: what it published is visible.
  return waiting_.load(std::memory_order_seq_cst);
}

void Doorbell::ring() noexcept {
  rings_.fetch_add(1, std::memory_order_seq_cst);
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&rings_), FUTEX_WAKE_PRIVATE, 1, nullptr,
            nullptr, 0);
}

void Doorbell::sleep_until(std::int64_t units, Clock::time_point deadline) noexcept {
  const std::uint32_t rings = rings_.load(std::memory_order_seq_cst);
  wake_at_.store(units, std::memory_order_seq_cst);
  const auto left = deadline - Clock::now();
  if (waiting_.load(std::memory_order_seq_cst) < units && left > Clock::duration::zero()) {
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
    const timespec timeout{static_cast<std::time_t>(nanoseconds / 1'000'000'000),
                           static_cast<long>(nanoseconds % 1'000'000'000)};
    ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&rings_), FUTEX_WAIT_PRIVATE, rings,
              &timeout, nullptr, 0);
  }
  wake_at_.store(kAwake, std::memory_order_seq_cst);
}

}  // namespace logboom::store
