#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace logboom::store {

// Names a request that waits for its commit. The store only carries it: `slot` and `generation`
// let the owner find out that the client has left meanwhile.
struct Ticket {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

enum class CommitStatus : std::uint8_t {
  ok,      // the chain's records have reached the configured durability
  full,    // no room for a new segment; none of the chain's records is stored
  failed,  // a write or sync failed; whether the records are stored is unknown
};

// Records of whole requests on their way to the committer: blocks of frame payload, tickets and
// totals. Exactly one thread owns a chain at a time: the io thread while it is open, the committer
// from take to completion, then the io thread again, which recycles it. No allocation in steady state.
class StagingChain {
 public:
  // A point to go back to when a request turns out bad after some of its records were appended.
  struct Mark;

  // Contiguous room for one record's line; valid until the next call. May take a block from the pool.
  [[nodiscard]] char* reserve(std::size_t bytes_max);
  // Makes the line just written at reserve()'s pointer a record. `time_ns` is its event time, or
  // its observed time where it has none.
  void append(std::size_t line_bytes, std::size_t splice_offset, std::int64_t time_ns);
  // Keeps a refused record for `rejected/`, written and synced with the same commit.
  void reject(std::string_view raw, std::string_view reason, std::string_view protocol,
              std::int64_t arrival_ns);
  // The request is whole: its records become one unit, and `ticket` will be completed.
  void add_ticket(Ticket ticket);
  // Bytes to be given back to the in-flight budget when the chain completes.
  void add_charge(std::size_t bytes);

  Mark mark() const;
  void rollback(const Mark& mark);
  std::size_t bytes() const;  // staged so far, in bytes
};

// One io thread's end of the store. Every function is called by that thread only.
class Producer {
 public:
  // The chain to append to: the one published before if the committer has not taken it, else a
  // fresh one. The caller has it exclusively until publish().
  [[nodiscard]] StagingChain& open();
  // Hands the open chain to the committer and wakes it if it sleeps. Call once per turn of the
  // loop, not per request. Without an open chain it does nothing.
  void publish();

  // An eventfd that becomes readable when chains have completed: one wake-up per commit.
  int completion_fd() const;
  // Clears completion_fd and calls `visitor(Ticket, CommitStatus)` for each request of each
  // completed chain, then `charge(bytes)` once per chain. Allocates nothing.
  template <class Visitor, class Charge>
  void drain_completed(Visitor&& visitor, Charge&& charge);
};

}  // namespace logboom::store
