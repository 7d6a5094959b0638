// Shares of the limits that each class of work may use.
#include "serve/engine/load.hpp"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

#include "serve/engine/worker.hpp"

// Of jemalloc, where the program is linked with it (sanitizers bring their own).
extern "C" int mallctl(const char* name, void* old, size_t* old_bytes, void* fresh, size_t fresh_bytes)
    __attribute__((weak));

namespace cityloom::serve::engine {
namespace {

// In the order of Work: bulk, write, read, emergency. Of requests in flight, and of the memory that may be taken.
constexpr uint64_t flight_percent[] = {25, 70, 85, 100};
constexpr uint64_t memory_percent[] = {50, 75, 88, 96};

// The urgency in a Priority header; 3 where none is given.
char urgency_of(const Request& request) {
  const auto header = request.header("Priority");
  if (!header) return '3';
  const size_t at = header->find("u=");
  return at == std::string_view::npos || at + 2 >= header->size() ? '3' : (*header)[at + 2];
}

}  // namespace

Work work_of(const Route& route, const Request& request, uint64_t body_bytes, bool chunked,
             const ServerOptions& options) {
  if (route.action == trust::Action::look) return Work::emergency;
  const char urgency = urgency_of(request);
  if (urgency == '0') return Work::emergency;
  if (urgency == '6' || urgency == '7' || chunked || body_bytes >= options.bulk_bytes_min) return Work::bulk;
  return route.action == trust::Action::read ? Work::read : Work::write;
}

bool has_room(const Shared& shared, Work work) {
  const auto place = static_cast<size_t>(work);
  const uint64_t in_flight_max = (shared.options.requests_in_flight_max * flight_percent[place] + 99) / 100;
  if (shared.requests_in_flight.load(std::memory_order_relaxed) >= in_flight_max) return false;
  const uint64_t memory_max = shared.options.memory_bytes_max;
  return memory_max == 0 ||
         shared.memory_bytes.load(std::memory_order_relaxed) < memory_max / 100 * memory_percent[place];
}

uint64_t resident_bytes() {
  uint64_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

void give_back_memory() {
  if (mallctl == nullptr) {
    ::malloc_trim(0);
    return;
  }
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // 4096 stands for all arenas
}

}  // namespace cityloom::serve::engine
