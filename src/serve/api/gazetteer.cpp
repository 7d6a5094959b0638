// The gazetteer: names and places of what is, and the worker that follows the feed.
#include "serve/api/gazetteer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <limits>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <tuple>
#include <unordered_set>

#include "serve/api/names.hpp"
#include "serve/json.hpp"

namespace cityloom::serve {
namespace {

bool is_building(std::string_view type) {
  return type == "Building" || type == "BuildingPart";
}

/// Where one entity lies, kept small since there is one for each: rounded to 1e-7 degrees, about a centimetre.
struct Extent {
  enum class Of : uint8_t { nothing, other, building };
  int32_t west = 0, south = 0, east = 0, north = 0;
  Of of = Of::nothing;

  static constexpr double per_degree = 1e7;

  static Extent around(const twin::Box& box, Of of) {
    const auto rounded = [](double deg) { return static_cast<int32_t>(std::lround(deg * per_degree)); };
    return {rounded(box.west_deg), rounded(box.south_deg), rounded(box.east_deg), rounded(box.north_deg), of};
  }

  /// Around this and another, which is not of nothing.
  void extend(const Extent& more) {
    if (of == Of::nothing) {
      *this = more;
      return;
    }
    west = std::min(west, more.west), south = std::min(south, more.south);
    east = std::max(east, more.east), north = std::max(north, more.north);
  }

  /// Whether another that lies within reaches one of its edges: without that one it may be smaller.
  bool is_held_by(const Extent& one) const {
    return one.west <= west || one.south <= south || one.east >= east || one.north >= north;
  }

  std::optional<twin::Box> box() const {
    if (of == Of::nothing) return {};
    return twin::Box{west / per_degree, south / per_degree, east / per_degree, north / per_degree};
  }
};

/// The extents of all entities by their numbers, and what lies around them. A removed or moved one that held an edge
/// makes the whole be told anew when it is asked for next: some nanoseconds an entity.
class Extents {
 public:
  void put(uint32_t number, const Extent& extent) {
    if (number >= by_number_.size()) {
      if (extent.of == Extent::Of::nothing) return;
      by_number_.resize(number + 1);
    }
    Extent& kept = by_number_[number];
    if (kept.of != Extent::Of::nothing) {
      const bool held =
          everything_.is_held_by(kept) || (kept.of == Extent::Of::building && buildings_.is_held_by(kept));
      is_stale_ = is_stale_ || held;
    }
    kept = extent;
    add(extent);
  }

  bool is_stale() const { return is_stale_; }

  void tell_anew() {
    buildings_ = everything_ = {};
    is_stale_ = false;
    for (const Extent& one : by_number_) add(one);
  }

  /// Around all buildings, or all that has a place where there are none. Not while stale.
  std::optional<twin::Box> bounds() const {
    return buildings_.of == Extent::Of::nothing ? everything_.box() : buildings_.box();
  }

 private:
  void add(const Extent& one) {
    if (one.of == Extent::Of::nothing) return;
    everything_.extend(one);
    if (one.of == Extent::Of::building) buildings_.extend(one);
  }

  std::deque<Extent> by_number_;  // grows without room to spare
  Extent buildings_, everything_;
  bool is_stale_ = false;
};

/// The folded names of all entities in one text, to be looked through from end to end: 0, the entity's number in bytes
/// that no text begins with, its names a line each. What has gone is blanked until it is half of all.
class NameList {
 public:
  struct Hit {
    int rank = 0;
    size_t length = 0;
    uint32_t number = 0;
  };

  void put(uint32_t number, std::string_view names) {
    blank(number);
    if (names.empty()) return;
    if (number >= places_.size()) places_.resize(number + 1);
    tighten();
    text_ += '\0';
    for (unsigned i = 0; i < number_bytes; ++i) text_ += static_cast<char>(0x80 | (number >> 6 * i & 0x3F));
    places_[number] = text_.size();
    text_ += names;
    ++count_;
  }

  std::vector<Hit> find(std::string_view wanted) const {
    std::vector<Hit> hits;
    for (size_t from = 0; from < text_.size();) {
      const void* const found = ::memmem(text_.data() + from, text_.size() - from, wanted.data(), wanted.size());
      if (found == nullptr) break;
      const auto at = static_cast<size_t>(static_cast<const char*>(found) - text_.data());
      const size_t start = text_.rfind('\0', at) + 1 + number_bytes;
      const size_t end = std::min(text_.find('\0', at), text_.size());
      const std::string_view names(text_.data() + start, end - start);
      if (const auto rank = fit(names, wanted)) hits.push_back({*rank, names.size(), number_before(start)});
      from = end;
    }
    return hits;
  }

  size_t count() const { return count_; }

 private:
  static constexpr unsigned number_bytes = 6;

  uint32_t number_before(size_t start) const {
    uint32_t number = 0;
    for (unsigned i = 0; i < number_bytes; ++i)
      number |= (static_cast<uint32_t>(text_[start - number_bytes + i]) & 0x3F) << 6 * i;
    return number;
  }

  void blank(uint32_t number) {
    if (number >= places_.size() || places_[number] == 0) return;
    const size_t start = places_[number];
    const size_t end = std::min(text_.find('\0', start), text_.size());
    std::fill(text_.begin() + static_cast<ptrdiff_t>(start), text_.begin() + static_cast<ptrdiff_t>(end), '\1');
    blank_bytes_ += end - start + number_bytes + 1;
    places_[number] = 0;
    --count_;
  }

  void tighten() {
    constexpr size_t blank_min = 64u << 10;
    if (blank_bytes_ < std::max(blank_min, text_.size() / 2)) return;
    std::string text;
    for (size_t start = 0; start < text_.size();) {
      const size_t end = std::min(text_.find('\0', start + 1), text_.size());
      const size_t names = start + 1 + number_bytes;
      const uint32_t number = number_before(names);
      if (places_[number] == names) {
        places_[number] = text.size() + 1 + number_bytes;
        text.append(text_, start, end - start);
      }
      start = end;
    }
    text_ = std::move(text);
    blank_bytes_ = 0;
  }

  std::string text_;
  std::deque<uint64_t> places_;  // by number: where its names begin; 0: it has none
  size_t count_ = 0, blank_bytes_ = 0;
};

}  // namespace

struct Gazetteer::Parts {
  explicit Parts(thread::Thread& record) : thread(record), reader(record.terms()) {}

  thread::Thread& thread;
  NameReader reader;  // of the follower alone
  mutable std::shared_mutex mutex;
  NameList names;
  std::string ids = "\n";       // of all, a line each
  std::vector<bool> is_in_ids;  // by number of the entity
  size_t ids_count = 0, ids_ended = 0;
  Extents extents;
  double bases_sum_m = 0;  // of buildings as they were first told, or told again
  size_t bases_count = 0;

  mutable std::mutex follow_mutex;
  mutable std::condition_variable changed;
  thread::Offset head;
  thread::Offset done;
  bool has_started = false;
  bool stopping = false;
  thread::Thread::Token token;
  std::thread worker;

  void put(const twin::EntityRecord& record);
  void remove(twin::EntityNumber number);
  void keep_id(const twin::EntityRecord& record);
  void drop_ended_ids(const thread::Snapshot& now);
  void follow();
  bool concerns(const twin::Fact& fact);
  void take(const std::vector<std::shared_ptr<const thread::Commit>>& commits);
};

/// Takes a record as it is now.
void Gazetteer::Parts::put(const twin::EntityRecord& record) {
  std::optional<twin::Box> box;
  double base_m = std::numeric_limits<double>::infinity();
  std::string shown;
  const std::string folded_names = reader.folded_names(record, shown);
  const auto types = record.types();
  record.each_attribute(twin::terms::location, [&](const twin::Attribute& attribute) {
    if (const auto* geometry = std::get_if<twin::Geometry>(&attribute.value)) {
      box = twin::bounds_of(*geometry);
      for (const twin::Position& one : geometry->positions) {
        if (one.has_height()) base_m = std::min(base_m, one.height_m);
      }
    }
    return !box;
  });
  const bool is_of_building = !types.empty() && is_building(short_name(thread.terms().text(types.front())));
  const Extent::Of of = is_of_building ? Extent::Of::building : Extent::Of::other;
  const std::unique_lock lock(mutex);
  keep_id(record);
  names.put(record.number().number, folded_names);
  extents.put(record.number().number, box ? Extent::around(*box, of) : Extent{});
  if (box && is_of_building && std::isfinite(base_m)) bases_sum_m += base_m, ++bases_count;
}

/// Under the lock.
void Gazetteer::Parts::keep_id(const twin::EntityRecord& record) {
  const uint32_t number = record.number().number;
  if (number >= is_in_ids.size()) is_in_ids.resize(number + 1);
  if (is_in_ids[number]) return;
  is_in_ids[number] = true;
  ids.append(record.id()) += '\n';
  ++ids_count;
}

/// Ids of what has ended stay among the others until they are half of them.
void Gazetteer::Parts::drop_ended_ids(const thread::Snapshot& now) {
  constexpr size_t ended_min = 1'000;
  if (ids_ended < ended_min || ids_ended * 2 < ids_count) return;
  const std::unique_lock lock(mutex);
  ids = "\n";
  is_in_ids.clear();
  ids_count = ids_ended = 0;
  (void)now.each({}, [this](const twin::EntityRecord& record) {
    keep_id(record);
    return true;
  });
}

void Gazetteer::Parts::remove(twin::EntityNumber number) {
  const std::unique_lock lock(mutex);
  ++ids_ended;
  extents.put(number.number, {});
  names.put(number.number, {});
}

bool Gazetteer::Parts::concerns(const twin::Fact& fact) {
  using Kind = twin::Fact::Kind;
  if (fact.kind == Kind::scopes_set) return false;
  if (fact.kind != Kind::attribute_set && fact.kind != Kind::attribute_deleted) return true;
  return fact.attribute.name == twin::terms::location || reader.is_name(fact.attribute.name);
}

void Gazetteer::Parts::take(const std::vector<std::shared_ptr<const thread::Commit>>& commits) {
  std::unordered_set<std::string_view> touched;
  for (const auto& commit : commits) {
    if (commit->branch != thread::main_branch) continue;
    for (const twin::Fact& fact : commit->facts) {
      if (concerns(fact)) touched.insert(fact.entity_id);
    }
  }
  const thread::Snapshot now = thread.snapshot();
  for (const std::string_view id : touched) {
    const auto record = now.find(id);
    if (!record) continue;
    if (record->exists()) {
      put(*record);
    } else if (const auto number = now.number_of(id)) {
      remove(*number);
    }
  }
  drop_ended_ids(now);
}

void Gazetteer::Parts::follow() {
  const thread::Snapshot start = thread.snapshot();
  thread::Offset at = start.offset();
  (void)start.each({}, [this](const twin::EntityRecord& record) {
    put(record);
    const std::lock_guard lock(follow_mutex);
    return !stopping;
  });
  for (;;) {
    {
      std::unique_lock lock(follow_mutex);
      done = at;
      has_started = true;
      changed.notify_all();
      changed.wait(lock, [&] { return stopping || head > at; });
      if (stopping) return;
    }
    const auto commits = thread.feed(at);
    // A damaged or unreadable record is told by health and by every read; names stay as they were.
    if (!commits || commits->empty()) {
      const std::lock_guard lock(follow_mutex);
      at = std::max(at, head);
      continue;
    }
    take(*commits);
    at = commits->back()->offset;
  }
}

Gazetteer::Gazetteer(thread::Thread& thread) : parts_(std::make_unique<Parts>(thread)) {
  Parts& parts = *parts_;
  parts.token = thread.on_head([&parts](thread::Offset head) {
    const std::lock_guard lock(parts.follow_mutex);
    parts.head = head;
    parts.changed.notify_all();
  });
  {
    const std::lock_guard lock(parts.follow_mutex);
    parts.head = std::max(parts.head, thread.head());
  }
  parts.worker = std::thread([&parts] { parts.follow(); });
}

Gazetteer::~Gazetteer() {
  parts_->token.reset();
  {
    const std::lock_guard lock(parts_->follow_mutex);
    parts_->stopping = true;
    parts_->changed.notify_all();
  }
  parts_->worker.join();
}

std::vector<twin::EntityNumber> Gazetteer::search(std::string_view text, size_t limit) const {
  const std::string wanted = folded(text);
  std::vector<twin::EntityNumber> found;
  if (wanted.empty() || limit == 0) return found;
  std::vector<NameList::Hit> hits;
  {
    const std::shared_lock lock(parts_->mutex);
    hits = parts_->names.find(wanted);
  }
  const size_t count = std::min(limit, hits.size());
  std::partial_sort(hits.begin(), hits.begin() + static_cast<ptrdiff_t>(count), hits.end(),
                    [](const NameList::Hit& left, const NameList::Hit& right) {
                      return std::tie(left.rank, left.length, left.number) <
                             std::tie(right.rank, right.length, right.number);
                    });
  for (size_t i = 0; i < count; ++i) found.push_back({hits[i].number});
  return found;
}

std::vector<std::string> Gazetteer::ids_with(std::string_view text, size_t limit, size_t& from) const {
  std::vector<std::string> found;
  if (text.empty() || text.find('\n') != std::string_view::npos) return found;
  const std::shared_lock lock(parts_->mutex);
  const std::string& ids = parts_->ids;
  while (found.size() < limit && from < ids.size()) {
    const void* const at = ::memmem(ids.data() + from, ids.size() - from, text.data(), text.size());
    if (at == nullptr) {
      from = ids.size();
      break;
    }
    const auto hit = static_cast<size_t>(static_cast<const char*>(at) - ids.data());
    const size_t start = ids.rfind('\n', hit) + 1, end = ids.find('\n', hit);
    found.push_back(ids.substr(start, end - start));
    from = end;
  }
  return found;
}

std::optional<twin::Box> Gazetteer::bounds() const {
  {
    const std::shared_lock lock(parts_->mutex);
    if (!parts_->extents.is_stale()) return parts_->extents.bounds();
  }
  const std::unique_lock lock(parts_->mutex);
  parts_->extents.tell_anew();
  return parts_->extents.bounds();
}

std::optional<double> Gazetteer::mean_base_m() const {
  const std::shared_lock lock(parts_->mutex);
  if (parts_->bases_count == 0) return {};
  return parts_->bases_sum_m / static_cast<double>(parts_->bases_count);
}

size_t Gazetteer::named_count() const {
  const std::shared_lock lock(parts_->mutex);
  return parts_->names.count();
}

bool Gazetteer::wait_for(thread::Offset offset, int64_t timeout_ms) const {
  std::unique_lock lock(parts_->follow_mutex);
  return parts_->changed.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                  [&] { return parts_->has_started && parts_->done >= offset; });
}

}  // namespace cityloom::serve
