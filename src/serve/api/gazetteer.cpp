// The gazetteer: folding of names, and the worker that follows the feed.
#include "serve/api/gazetteer.hpp"

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <cwctype>
#include <limits>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "serve/json.hpp"

namespace cityloom::serve {
namespace {

/// The next code point of valid UTF-8, moving `at` past it.
char32_t next_code_point(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned char lead = byte(at);
  const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t code = length == 1 ? lead : lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) code = (code << 6) | (byte(at + i) & 0x3Fu);
  at += length;
  return code;
}

void append_code_point(char32_t code, std::string& to) {
  if (code < 0x80) {
    to += static_cast<char>(code);
  } else if (code < 0x800) {
    to += {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
  } else if (code < 0x10000) {
    to += {static_cast<char>(0xE0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 0x3F)),
           static_cast<char>(0x80 | (code & 0x3F))};
  } else {
    to += {static_cast<char>(0xF0 | (code >> 18)), static_cast<char>(0x80 | ((code >> 12) & 0x3F)),
           static_cast<char>(0x80 | ((code >> 6) & 0x3F)), static_cast<char>(0x80 | (code & 0x3F))};
  }
}

/// Case mapping by the C library's Unicode tables; "C.UTF-8" is part of it and needs no installed locale.
char32_t lower(char32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale == nullptr ? code : static_cast<char32_t>(towlower_l(static_cast<wint_t>(code), locale));
}

/// Puts a Hangul part together with what stands before it, as Unicode's composition does (chapter 3.12): names typed
/// on some systems come in parts. 0 if they do not belong together.
char32_t composed(char32_t before, char32_t part) {
  constexpr char32_t syllables = 0xAC00, leads = 0x1100, vowels = 0x1161, tails = 0x11A7;
  if (before >= leads && before < leads + 19 && part >= vowels && part < vowels + 21) {
    return syllables + ((before - leads) * 21 + (part - vowels)) * 28;
  }
  const bool open_syllable = before >= syllables && before < syllables + 11'172 && (before - syllables) % 28 == 0;
  if (open_syllable && part > tails && part < tails + 28) return before + (part - tails);
  return 0;
}

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

  std::vector<Extent> by_number_;
  Extent buildings_, everything_;
  bool is_stale_ = false;
};

}  // namespace

std::string folded(std::string_view text) {
  std::string result;
  char32_t last = 0;
  size_t last_at = 0;  // where `last` begins in the result
  for (size_t at = 0; at < text.size();) {
    char32_t code = lower(next_code_point(text, at));
    if (code < 0x20 || code == 0x3000 || code == 0xA0) code = ' ';
    if (code == ' ' && (last == ' ' || last == 0)) continue;
    if (const char32_t whole = composed(last, code); whole != 0) {
      result.resize(last_at);
      code = whole;
    }
    last = code;
    last_at = result.size();
    append_code_point(code, result);
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

std::optional<int> fit(std::string_view names, std::string_view text) {
  std::optional<int> best;
  for (size_t at = names.find(text); at != std::string_view::npos; at = names.find(text, at + 1)) {
    const size_t end = at + text.size();
    const char before = at == 0 ? '\n' : names[at - 1];
    const bool ends = end == names.size() || names[end] == '\n';
    const bool in_word = (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9') || (before & 0x80) != 0;
    const int rank = before == '\n' ? (ends ? 0 : 1) : in_word ? 3 : 2;
    if (!best || rank < *best) best = rank;
    if (rank <= 1) break;
  }
  return best;
}

bool is_name_term(const twin::TermTable& terms, twin::Term term) {
  const std::string_view name = short_name(terms.text(term));
  return name == "name" || name == "title" || name == "alternateName";
}

std::string folded_names(const twin::EntityRecord& record, const twin::TermTable& terms, PlaceFound& place) {
  std::string names;
  const auto add = [&](std::string_view name, bool show) {
    if (name.empty()) return;
    if (!names.empty()) names += '\n';
    names += folded(name);
    if (show || place.name.empty()) place.name = name;
  };
  record.each_attribute({}, [&](const twin::Attribute& attribute) {
    if (!is_name_term(terms, attribute.name)) return true;
    if (const auto* text = std::get_if<std::string>(&attribute.value)) add(*text, false);
    const auto* json = std::get_if<twin::Json>(&attribute.value);
    if (json == nullptr || attribute.kind != twin::AttributeKind::language_property) return true;
    simdjson::dom::parser parser;
    simdjson::dom::object by_language;
    if (parser.parse(json->text).get(by_language) != simdjson::SUCCESS) return true;
    for (const auto [language, value] : by_language) {
      std::string_view text;
      if (value.get(text) == simdjson::SUCCESS) add(text, language == "@none");
      if (simdjson::dom::array several; value.get(several) == simdjson::SUCCESS) {
        for (const auto each : several) {
          if (each.get(text) == simdjson::SUCCESS) add(text, false);
        }
      }
    }
    return true;
  });
  return names;
}

struct Gazetteer::Parts {
  struct Entry {
    PlaceFound place;
    std::string names;  // folded, a line each
  };

  explicit Parts(thread::Thread& record) : thread(record) {}

  thread::Thread& thread;
  mutable std::shared_mutex mutex;
  std::vector<Entry> entries;
  std::unordered_map<std::string, size_t> by_id;
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
  void remove(const std::string& id, std::optional<twin::EntityNumber> number);
  void keep_id(const twin::EntityRecord& record);
  void drop_ended_ids(const thread::Snapshot& now);
  void follow();
  bool concerns(const twin::Fact& fact) const;
  void take(const std::vector<std::shared_ptr<const thread::Commit>>& commits);
};

/// Takes a record as it is now: named ones into the entries, places into the extents.
void Gazetteer::Parts::put(const twin::EntityRecord& record) {
  Entry entry;
  std::optional<twin::Box> box;
  double base_m = std::numeric_limits<double>::infinity();
  entry.place.id = record.id();
  const auto types = record.types();
  if (!types.empty()) entry.place.type = types.front();
  entry.names = folded_names(record, thread.terms(), entry.place);
  record.each_attribute(twin::terms::location, [&](const twin::Attribute& attribute) {
    if (const auto* geometry = std::get_if<twin::Geometry>(&attribute.value)) {
      box = twin::bounds_of(*geometry);
      entry.place.centre = twin::centre_of(*geometry);
      for (const twin::Position& one : geometry->positions) {
        if (one.has_height()) base_m = std::min(base_m, one.height_m);
      }
    }
    return !box;
  });
  const std::unique_lock lock(mutex);
  keep_id(record);
  const bool is_of_building = is_building(short_name(thread.terms().text(entry.place.type)));
  const Extent::Of of = is_of_building ? Extent::Of::building : Extent::Of::other;
  extents.put(record.number().number, box ? Extent::around(*box, of) : Extent{});
  if (box && is_of_building && std::isfinite(base_m)) bases_sum_m += base_m, ++bases_count;
  const auto known = by_id.find(entry.place.id);
  if (entry.names.empty() && known == by_id.end()) return;
  if (known != by_id.end()) {
    entries[known->second] = std::move(entry);
  } else {
    by_id.emplace(entry.place.id, entries.size());
    entries.push_back(std::move(entry));
  }
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

void Gazetteer::Parts::remove(const std::string& id, std::optional<twin::EntityNumber> number) {
  const std::unique_lock lock(mutex);
  ++ids_ended;
  if (number) extents.put(number->number, {});
  const auto known = by_id.find(id);
  if (known == by_id.end()) return;
  const size_t at = known->second;
  by_id.erase(known);
  if (at + 1 != entries.size()) {
    entries[at] = std::move(entries.back());
    by_id[entries[at].place.id] = at;
  }
  entries.pop_back();
}

bool Gazetteer::Parts::concerns(const twin::Fact& fact) const {
  using Kind = twin::Fact::Kind;
  if (fact.kind == Kind::scopes_set) return false;
  if (fact.kind != Kind::attribute_set && fact.kind != Kind::attribute_deleted) return true;
  return fact.attribute.name == twin::terms::location || is_name_term(thread.terms(), fact.attribute.name);
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
    } else {
      remove(std::string(id), now.number_of(id));
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

std::vector<PlaceFound> Gazetteer::search(std::string_view text, size_t limit) const {
  struct Hit {
    int rank;
    size_t length;
    size_t index;
  };
  const std::string wanted = folded(text);
  std::vector<PlaceFound> found;
  if (wanted.empty() || limit == 0) return found;
  const std::shared_lock lock(parts_->mutex);
  std::vector<Hit> hits;
  for (size_t i = 0; i < parts_->entries.size(); ++i) {
    const std::string& names = parts_->entries[i].names;
    if (const auto rank = fit(names, wanted)) hits.push_back({*rank, names.size(), i});
  }
  const size_t count = std::min(limit, hits.size());
  std::partial_sort(
      hits.begin(), hits.begin() + static_cast<ptrdiff_t>(count), hits.end(), [](const Hit& left, const Hit& right) {
        return std::tie(left.rank, left.length, left.index) < std::tie(right.rank, right.length, right.index);
      });
  for (size_t i = 0; i < count; ++i) found.push_back(parts_->entries[hits[i].index].place);
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
  return parts_->entries.size();
}

bool Gazetteer::wait_for(thread::Offset offset, int64_t timeout_ms) const {
  std::unique_lock lock(parts_->follow_mutex);
  return parts_->changed.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                  [&] { return parts_->has_started && parts_->done >= offset; });
}

}  // namespace cityloom::serve
