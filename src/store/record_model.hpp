// A naive model of the record, and random changes to try it with: for tests of the thread over a store.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "thread/keys.hpp"
#include "thread/series_codec.hpp"
#include "thread/thread.hpp"

namespace cityloom::store {

/// Every entity of a branch, by id.
using City = std::map<std::string, twin::Entity>;

/// One instance as history should tell it.
struct Stated {
  base::Instant observed_at;
  twin::Value value;
  uint64_t offset = 0;
  bool operator==(const Stated&) const = default;
};

/// A plain copy of all entities after each commit of each branch, made by applying the facts one by one.
class RecordModel {
 public:
  /// Takes the next commit.
  void fold(const thread::Commit& commit) {
    recorded_[commit.offset.number] = commit.recorded_at;
    if (commit.branch_event.kind == thread::BranchEvent::Kind::forked) {
      const auto& event = commit.branch_event;
      branches_[event.branch] = {event.parent, event.fork_offset, {}};
      return;
    }
    if (commit.branch_event.kind == thread::BranchEvent::Kind::dropped) {
      branches_.erase(commit.branch_event.branch);
      return;
    }
    City city = at(commit.branch, commit.offset);
    for (const twin::Fact& fact : commit.facts) {
      twin::Entity& entity = city[fact.entity_id];
      ASSERT_TRUE(twin::apply(fact, commit.offset, commit.recorded_at, entity).ok());
      if (entity.id.empty()) city.erase(fact.entity_id);
    }
    branches_[commit.branch].cities[commit.offset.number] = std::move(city);
    facts_.push_back(commit);
  }

  /// The city as of an offset on a branch.
  City at(thread::BranchId id, twin::Offset offset) const {
    const auto found = branches_.find(id);
    if (found == branches_.end()) return {};
    const Branch& branch = found->second;
    if (id != thread::main_branch && offset < branch.fork_offset) return at(branch.parent, offset);
    const auto after = branch.cities.upper_bound(offset.number);
    if (after != branch.cities.begin()) return std::prev(after)->second;
    return id == thread::main_branch ? City() : at(branch.parent, branch.fork_offset);
  }

  /// Whether a commit counts for a snapshot of a branch.
  bool is_seen(const thread::Commit& commit, thread::BranchId id, twin::Offset offset) const {
    while (true) {
      if (commit.branch == id) return commit.offset <= offset;
      if (id == thread::main_branch) return false;
      const Branch& branch = branches_.at(id);
      offset = std::min(offset, branch.fork_offset);
      id = branch.parent;
    }
  }

  /// All that was ever stated of an attribute, and of its past: as it is told after all corrections.
  std::vector<Stated> history(thread::BranchId id, twin::Offset offset, const std::string& entity_id, twin::Term name,
                              twin::Term dataset) const {
    Past past{name, dataset, {}, {}};
    for (const thread::Commit& commit : facts_) {
      if (!is_seen(commit, id, offset)) continue;
      for (const twin::Fact& fact : commit.facts) {
        if (fact.entity_id == entity_id) past.take(fact, commit.offset);
      }
      for (const twin::Fact& fact : commit.facts) {
        if (fact.entity_id == entity_id) past.take_out_all(fact);
      }
    }
    return past.told();
  }

  /// The last offset recorded at or before a time; 0 if none.
  uint64_t offset_at(base::Instant time) const {
    uint64_t last = 0;
    for (const auto& [offset, recorded_at] : recorded_) {
      if (recorded_at <= time) last = offset;
    }
    return last;
  }

  /// Those that are not dropped, main among them.
  std::vector<thread::BranchId> branches() const {
    std::vector<thread::BranchId> ids;
    for (const auto& [id, branch] : branches_) ids.push_back(id);
    return ids;
  }

 private:
  // The past of one attribute in one dataset.
  struct Past {
    struct Instance {
      thread::PastKey key;
      Stated stated;
    };
    twin::Term name, dataset;
    std::vector<Instance> stated;
    std::vector<std::pair<thread::PastKey, std::optional<Stated>>> corrected;

    void take(const twin::Fact& fact, twin::Offset at) {
      using Kind = twin::Fact::Kind;
      const twin::Attribute& one = fact.attribute;
      if (one.name != name || thread::without_told(one.dataset) != dataset) return;
      if (fact.kind == Kind::attribute_set || fact.kind == Kind::past_stated) {
        const bool told = fact.kind == Kind::past_stated;
        stated.push_back(
            {{at, told ? one.observed_at : base::Instant(), told}, {one.observed_at, one.value, at.number}});
      } else if (fact.kind == Kind::past_numbers_stated) {
        const auto points = thread::unpack_numbers(std::get<std::string>(one.value));
        for (const auto& point : *points)
          stated.push_back(
              {{at, point.observed_at, true}, {point.observed_at, twin::number_value(point.value), at.number}});
      } else if ((fact.kind == Kind::past_corrected || fact.kind == Kind::past_removed) && one.offset.number != 0) {
        const thread::PastKey key{one.offset, one.created_at, thread::is_told(one.dataset)};
        std::erase_if(corrected, [&](const auto& earlier) { return earlier.first == key; });
        corrected.emplace_back(key, std::nullopt);
        if (fact.kind == Kind::past_corrected)
          corrected.back().second = {one.observed_at, one.value, key.offset.number};
      }
    }
    void take_out_all(const twin::Fact& fact) {
      const twin::Attribute& one = fact.attribute;
      if (fact.kind != twin::Fact::Kind::past_removed || one.offset.number != 0) return;
      const bool is_all = !one.name.exists() || (one.name == name && one.dataset == twin::Term::unknown());
      if (!is_all && (one.name != name || one.dataset != dataset)) return;
      stated.clear();
      for (auto& [key, replacement] : corrected) replacement.reset();
    }
    std::vector<Stated> told() const {
      std::vector<Stated> all;
      for (const Instance& one : stated) {
        const bool is_corrected = std::any_of(corrected.begin(), corrected.end(),
                                              [&](const auto& correction) { return correction.first == one.key; });
        if (!is_corrected) all.push_back(one.stated);
      }
      for (const auto& [key, replacement] : corrected) {
        if (replacement) all.push_back(*replacement);
      }
      return all;
    }
  };

  struct Branch {
    thread::BranchId parent;
    twin::Offset fork_offset;
    std::map<uint64_t, City> cities;
  };
  std::map<thread::BranchId, Branch> branches_{{thread::main_branch, {}}};
  std::map<uint64_t, base::Instant> recorded_;
  std::vector<thread::Commit> facts_;
};

/// Random changes on few entities and attributes, so that they meet often.
class RandomChanges {
 public:
  RandomChanges(twin::TermTable& terms, uint64_t seed) : random_(seed) {
    for (const char* name : {"urn:n:speed", "urn:n:state", "urn:n:near"}) names_.push_back(*terms.intern(name));
    names_.push_back(twin::terms::location);
    for (const char* type : {"urn:t:Road", "urn:t:Sensor", "urn:t:Lamp"}) types_.push_back(*terms.intern(type));
    for (const char* dataset : {"urn:d:a", "urn:d:b"}) datasets_.push_back(*terms.intern(dataset));
  }

  uint64_t below(uint64_t limit) { return random_() % limit; }
  std::string entity_id() { return "urn:e:" + std::to_string(below(8)); }
  twin::Term type() { return types_[below(types_.size())]; }
  const std::vector<twin::Term>& names() const { return names_; }
  const std::vector<twin::Term>& datasets() const { return datasets_; }

  /// An attribute of any kind that history treats differently: numbers mostly.
  twin::Attribute attribute() {
    twin::Attribute attribute;
    attribute.name = names_[below(names_.size())];
    if (attribute.name != twin::terms::location && below(4) == 0) attribute.dataset = datasets_[below(2)];
    if (below(3) != 0) attribute.observed_at = base::Instant::from_seconds(1'000 + static_cast<int64_t>(below(500)));
    if (attribute.name == twin::terms::location) {
      attribute.kind = twin::AttributeKind::geo_property;
      attribute.value = twin::Geometry::point({127.0 + static_cast<double>(below(100)) / 100, 37.5});
      return attribute;
    }
    switch (below(8)) {
      case 0:
        attribute.value = std::string("text ") + std::to_string(below(5));
        break;
      case 1:
        attribute.value = twin::Json{"[1,2]"};
        break;
      case 2:
        attribute.value = below(2) == 0;
        break;
      default:
        attribute.value = twin::number_value(static_cast<double>(below(1'000)) / 8);
    }
    if (below(6) == 0) attribute.members.push_back(member());
    return attribute;
  }

  /// A change of any kind; many of them cannot be done.
  thread::Change change() {
    using Kind = thread::Change::Kind;
    constexpr Kind kinds[] = {Kind::create,
                              Kind::create_or_append,
                              Kind::create_or_append,
                              Kind::create_or_replace,
                              Kind::append,
                              Kind::update,
                              Kind::merge,
                              Kind::remove,
                              Kind::replace,
                              Kind::patch_attribute,
                              Kind::remove_attribute,
                              Kind::replace_attribute,
                              Kind::create_or_merge};
    thread::Change change;
    change.kind = kinds[below(std::size(kinds))];
    change.entity_id = entity_id();
    change.types.push_back(type());
    if (below(4) == 0) change.types.push_back(type());
    if (change.types.size() == 2 && change.types[0] == change.types[1]) change.types.pop_back();
    if (below(4) == 0) change.scopes.push_back("/scope/" + std::to_string(below(3)));
    const bool one = change.kind == Kind::patch_attribute || change.kind == Kind::replace_attribute;
    for (uint64_t left = one ? 1 : below(4); left > 0; --left) add(attribute(), change.attributes);
    change.attribute_name = names_[below(names_.size())];
    change.all_datasets = below(2) == 0;
    change.keep_existing = below(5) == 0;
    change.only_differences = below(5) == 0;
    return change;
  }

  /// A change of the past, of an entity that may never have been.
  thread::Change change_of_past() {
    using Kind = thread::Change::Kind;
    thread::Change change;
    change.kind = below(2) == 0 ? Kind::state_past : Kind::state_past_numbers;
    change.entity_id = entity_id();
    if (below(2) == 0) change.types.push_back(type());
    for (uint64_t left = 1 + below(3); left > 0; --left) {
      twin::Attribute one = attribute();
      if (change.kind == Kind::state_past_numbers) {
        one.kind = twin::AttributeKind::property;
        one.value = numbers();
        one.observed_at = {};
        one.members.clear();
      }
      change.attributes.push_back(std::move(one));
    }
    return change;
  }

  /// One to `changes_max` changes, which may meet on one entity.
  thread::ChangeSet change_set(thread::BranchId branch, size_t changes_max) {
    thread::ChangeSet set;
    set.branch = branch;
    set.author = "test";
    set.all_or_nothing = below(4) == 0;
    for (uint64_t left = 1 + below(changes_max); left > 0; --left)
      set.changes.push_back(below(5) == 0 ? change_of_past() : change());
    return set;
  }

 private:
  // As many as fill a chunk now and then, some of them late.
  twin::Value numbers() {
    std::vector<std::pair<base::Instant, double>> numbers;
    const int64_t first_s = 1'000 + static_cast<int64_t>(below(500));
    for (int64_t left = static_cast<int64_t>(1 + below(below(20) == 0 ? 300 : 10)); left > 0; --left)
      numbers.emplace_back(base::Instant::from_seconds(first_s + left), static_cast<double>(below(1'000)) / 8);
    return thread::pack_past_numbers(numbers);
  }

  twin::Attribute member() {
    twin::Attribute member;
    member.name = names_[1];
    member.value = std::string("member");
    return member;
  }
  static void add(twin::Attribute attribute, std::vector<twin::Attribute>& to) {
    for (const twin::Attribute& present : to) {
      if (present.name == attribute.name && present.dataset == attribute.dataset) return;
    }
    to.push_back(std::move(attribute));
  }

  std::mt19937_64 random_;
  std::vector<twin::Term> names_, types_, datasets_;
};

}  // namespace cityloom::store
