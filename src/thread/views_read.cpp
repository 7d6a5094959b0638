// Reading the views as of any offset of any branch.
#include <algorithm>
#include <mutex>
#include <tuple>

#include "thread/views.hpp"
#include "twin/bytes.hpp"

namespace cityloom::thread {
namespace {

using base::Code;
using base::fail;
using twin::Attribute;
using twin::EntityNumber;
using twin::EntityRecord;
using twin::Term;

base::Error no_branch(BranchId id) {
  return fail(Code::not_found, "there is no such branch", std::to_string(id.number), "list the branches");
}

void stamp(Attribute& attribute, base::Instant time) {
  attribute.modified_at = time;
  for (Attribute& member : attribute.members) stamp(member, time);
}

// Types that the index can answer by: all of one group, any group.
template <class Lookup>
Numbers of_types(const twin::TypeSelection& types, const Lookup& with_type) {
  Numbers numbers;
  for (const auto& all_of : types.any_of) {
    Numbers group;
    bool first = true;
    for (const Term type : all_of) {
      if (first)
        group = with_type(type);
      else
        group &= with_type(type);
      first = false;
    }
    numbers |= group;
  }
  return numbers;
}

// Whether the place index helps: the answer lies near the reference.
bool is_local(const std::optional<twin::GeoQuery>& geo) {
  return geo && geo->property == twin::terms::location && geo->relation != twin::GeoRelation::disjoint &&
         (geo->relation != twin::GeoRelation::near || geo->distance_max_m);
}

}  // namespace

std::vector<std::string> lines_of(const twin::Value& value) {
  std::vector<std::string> lines;
  const auto* text = std::get_if<std::string>(&value);
  for (size_t from = 0; text != nullptr && from < text->size();) {
    const size_t end = text->find('\n', from);
    lines.push_back(text->substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

std::shared_ptr<const Branch> Views::branch(BranchId id) const {
  return writable_branch(id);
}

std::vector<BranchInfo> Views::branches() const {
  const auto info_of = [](const Branch& branch) {
    BranchInfo info = branch.info;
    info.head = {branch.head.load()};
    return info;
  };
  std::vector<BranchInfo> all{info_of(*main_)};
  const std::shared_lock lock(branches_mutex_);
  for (const auto& [id, branch] : branches_) all.push_back(info_of(*branch));
  return all;
}

std::optional<BranchId> Views::find_branch(std::string_view name) const {
  if (name == "main") return main_branch;
  const std::shared_lock lock(branches_mutex_);
  for (const auto& [id, branch] : branches_) {
    if (branch->info.name == name) return branch->info.id;
  }
  return {};
}

std::optional<EntityNumber> Views::number_of(BranchId id, std::string_view entity_id) const {
  const auto on = branch(id);
  if (on == nullptr) return {};
  if (const EntityRecord record = on->latest.find(entity_id)) return record.number();
  return id == main_branch ? std::nullopt : number_of(on->info.parent, entity_id);
}

base::Result<EntityRecord> Views::find(BranchId id, Offset at, std::string_view entity_id) const {
  const auto on = branch(id);
  if (on == nullptr) return no_branch(id);
  if (id != main_branch && at < on->info.fork_offset) return find(on->info.parent, at, entity_id);
  const EntityRecord record = on->latest.find(entity_id);
  if (record) return as_of(*on, record, at);
  return id == main_branch ? base::Result<EntityRecord>(EntityRecord())
                           : find(on->info.parent, on->info.fork_offset, entity_id);
}

base::Result<EntityRecord> Views::find(BranchId id, Offset at, EntityNumber number) const {
  const auto on = branch(id);
  if (on == nullptr) return no_branch(id);
  if (id != main_branch && at < on->info.fork_offset) return find(on->info.parent, at, number);
  const EntityRecord record = on->latest.find(number);
  if (record) return as_of(*on, record, at);
  return id == main_branch ? base::Result<EntityRecord>(EntityRecord())
                           : find(on->info.parent, on->info.fork_offset, number);
}

void sort_by_creation(twin::Entity& entity) {
  std::sort(entity.attributes.begin(), entity.attributes.end(), [](const Attribute& left, const Attribute& right) {
    return std::tie(left.created_at, left.name, left.dataset) < std::tie(right.created_at, right.name, right.dataset);
  });
}

base::Result<EntityRecord> Views::as_of(const Branch& on, const EntityRecord& now, Offset at) const {
  if (now.offset() <= at) return now.ended() ? EntityRecord() : now;
  twin::Entity entity;
  Life life;
  if (!now.ended() && now.created_offset() <= at) {
    entity = now.unpack();
    life.start = now.created_offset();
    std::erase_if(entity.attributes, [&](const Attribute& attribute) { return attribute.offset > at; });
  } else {
    const auto lives = history_.series({on.info.id, now.number(), twin::terms::lifecycle, {}});
    if (!lives) return lives.error();
    const auto ended = lives->first_after(at);
    if (!ended) return ended.error();
    if (!ended->has_value() || (*ended)->attribute.offset > at) return EntityRecord();
    const Attribute& past = (*ended)->attribute;
    life.start = past.offset;
    life.end = (*ended)->offset;
    entity.id = std::string(now.id());
    entity.created_at = past.created_at;
    entity.created_offset = past.offset;
    entity.types = past.object_types;
    entity.scopes = lines_of(past.value);
  }
  entity.offset = entity.created_offset;
  entity.modified_at = entity.created_at;
  if (auto restored = restore(on.info.id, now.number(), at, life, entity); !restored) return restored.error();
  // Not touched on the branch yet: what its parents did to it, an end of an attribute too, only they know.
  if (on.info.id != main_branch && entity.offset <= on.info.fork_offset)
    return find(on.info.parent, on.info.fork_offset, now.number());
  sort_by_creation(entity);
  return EntityRecord::pack(entity, now.number());
}

base::Status Views::restore(BranchId on, EntityNumber number, Offset at, const Life& life, twin::Entity& entity) const {
  const auto touched = [&](Offset offset, base::Instant time) {
    entity.offset = std::max(entity.offset, offset);
    entity.modified_at = std::max(entity.modified_at, time);
  };
  for (const Attribute& attribute : entity.attributes) touched(attribute.offset, attribute.modified_at);
  const auto keys = history_.series_of(on, number);
  if (!keys) return keys.error();
  for (const SeriesKey& key : *keys) {
    if (key.attribute == twin::terms::lifecycle || is_told(key.dataset) ||
        entity.find(key.attribute, key.dataset) != nullptr)
      continue;
    const auto series = history_.series(key);
    if (!series) return series.error();
    const bool head = key.attribute == twin::terms::type || key.attribute == twin::terms::scope;
    if (head) {
      const auto next = series->first_after(at);
      if (!next) return next.error();
      if (next->has_value() && (*next)->attribute.offset == life.start) {
        if (key.attribute == twin::terms::type)
          entity.types = (*next)->attribute.object_types;
        else
          entity.scopes = lines_of((*next)->attribute.value);
      }
    }
    auto last = series->last_at(at);
    if (!last) return last.error();
    if (!last->has_value() || (*last)->offset < life.start) continue;
    Attribute& attribute = (*last)->attribute;
    if (!attribute.modified_at.exists()) {
      const auto time = recorded_at((*last)->offset);
      if (!time) return time.error();
      stamp(attribute, *time);
    }
    touched((*last)->offset, attribute.modified_at);
    if (!head && !(*last)->ended) entity.attributes.push_back(std::move(attribute));
  }
  return {};
}

base::Result<Views::Candidates> Views::candidates(BranchId id, Offset at, const twin::Query& query, By by,
                                                  size_t most) const {
  const auto on = branch(id);
  if (on == nullptr) return no_branch(id);
  if (id != main_branch) {
    auto found = candidates(on->info.parent, std::min(at, on->info.fork_offset), query, by, most);
    if (found) {
      found->numbers |= on->latest.all();
      found->exact = false;
    }
    return found;
  }
  Candidates found;
  for (const std::string& entity_id : query.ids) {
    if (const EntityRecord record = main_->latest.find(entity_id)) found.numbers.add(record.number().number);
  }
  if (!query.ids.empty()) return found;
  // The indexes before the commits since: what leaves the indexes in between is then among those.
  found.numbers = query.types.any_of.empty()
                      ? main_->latest.all()
                      : of_types(query.types, [&](Term type) { return main_->latest.with_type(type); });
  if (is_local(query.geo)) {
    const auto cells = cells_around(query.geo->reference, query.geo->distance_max_m.value_or(0));
    const auto near = main_->latest.meeting(cells, most);
    if (!near) return fail(Code::cancelled, "the place index names more entities than may be looked at");
    found.numbers &= *near;
  }
  std::optional<Narrowed> narrowed;
  if (by == By::value_too && query.condition) narrowed = main_->latest.narrow(*query.condition);
  if (narrowed) found.numbers &= narrowed->numbers;
  constexpr size_t commits_max = 10'000;
  const auto since = recent_.after(at, commits_max, SIZE_MAX);
  if (at >= head() && (!since || since->empty())) {
    const bool by_index = query.condition ? narrowed && narrowed->exact : !query.types.any_of.empty();
    found.exact =
        by_index && !query.id_pattern && query.attributes.empty() && !query.geo && query.scopes.empty() && !query.also;
    return found;
  }
  if (!since || since->size() == commits_max) {
    auto past = past_candidates(query);
    if (!past) return past.error();
    return Candidates{std::move(*past), false};
  }
  for (const auto& commit : *since) {
    if (commit->branch != main_branch) continue;
    for (const twin::Fact& fact : commit->facts) {
      if (const EntityRecord record = main_->latest.find(fact.entity_id)) found.numbers.add(record.number().number);
    }
  }
  return found;
}

base::Status Views::scan_ever(char kind, uint64_t first, uint64_t last, Numbers& numbers) const {
  {
    const std::shared_lock lock(ever_mutex_);
    for (auto it = ever_dirty_.lower_bound({kind, first, 0});
         it != ever_dirty_.end() && it->kind == kind && it->key <= last; ++it) {
      numbers.add(it->number);
    }
  }
  const std::string end = after_prefix(ever_key(kind, last, 0xFFFFFFFFu));
  return store_.scan(Family::ever, ever_key(kind, first, 0), end, [&](std::string_view key, std::string_view) {
    numbers.add(big_endian_32(key, key.size() - 4));
    return true;
  });
}

base::Result<Numbers> Views::ever(const twin::Query& query) const {
  if (query.types.any_of.empty()) return main_->latest.all();
  base::Status scanned;
  Numbers numbers = of_types(query.types, [&](Term type) {
    Numbers of_type;
    if (scanned) scanned = scan_ever('t', type.number, type.number, of_type);
    return of_type;
  });
  if (!scanned) return scanned.error();
  return numbers;
}

base::Result<Numbers> Views::past_candidates(const twin::Query& query) const {
  auto numbers = ever(query);
  if (!numbers || !is_local(query.geo)) return numbers;
  Numbers near;
  for (const auto& [first, last] :
       ranges_meeting(cells_around(query.geo->reference, query.geo->distance_max_m.value_or(0)))) {
    if (auto scanned = scan_ever('c', first, last, near); !scanned) return scanned.error();
  }
  *numbers &= near;
  return numbers;
}

base::Result<base::Instant> Views::recorded_at(Offset offset) const {
  std::optional<base::Result<PageHead>> page;
  const auto scanned =
      store_.scan(Family::commits, offset_key(offset), "", [&](std::string_view, std::string_view value) {
        page = head_of_page(value);
        return false;
      });
  if (!scanned) return scanned.error();
  if (page && !*page) return page->error();
  if (!page || (*page)->first > offset)
    return fail(Code::not_found, "there is no such offset", std::to_string(offset.number));
  return (*page)->recorded_at;
}

base::Result<Offset> Views::offset_at(base::Instant time) const {
  const Offset head_now = head();
  if (time >= head_time()) return head_now;
  uint64_t before = 0;  // recorded at or before `time`
  uint64_t after = head_now.number;
  while (after - before > 1) {
    const uint64_t middle = before + (after - before) / 2;
    const auto recorded = recorded_at({middle});
    if (!recorded) return recorded.error();
    (*recorded <= time ? before : after) = middle;
  }
  return Offset{before};
}

}  // namespace cityloom::thread
