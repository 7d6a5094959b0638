// Times of expiry, gathered from the record, and the deletions that follow.
#include "serve/ngsi/expiry.hpp"

#include <vector>

#include "twin/packed.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Instant;
using thread::Change;

constexpr size_t changes_at_once = 1'000;

}  // namespace

bool Expiry::is_over(const twin::EntityRecord& record, Instant now) const {
  twin::PackedAttributes all(record.attributes_bytes());
  for (twin::AttributeView view; all.next(view);) {
    if (view.name != expires_at_ || view.value_kind != twin::AttributeView::ValueKind::string) continue;
    const auto time = Instant::parse(view.text);
    return time.ok() && *time <= now;
  }
  return false;
}

void Expiry::look_at(const std::string& entity_id, const twin::Attribute& attribute) {
  Instant time = attribute.expires_at;
  const auto* text = std::get_if<std::string>(&attribute.value);
  if (attribute.name == expires_at_ && text != nullptr) {
    if (const auto parsed = Instant::parse(*text); parsed.ok()) time = *parsed;
  }
  if (!time.exists()) return;
  Item item{entity_id, attribute.name, attribute.dataset};
  const auto [place, is_new] = times_.try_emplace(item, time);
  if (!is_new) ordered_.erase({place->second, item});
  place->second = time;
  ordered_.insert({time, std::move(item)});
}

base::Status Expiry::scan() {
  const auto snapshot = thread_.snapshot();
  position_ = snapshot.offset();
  const auto status = snapshot.each({}, [this](const twin::EntityRecord& record) {
    twin::PackedAttributes all(record.attributes_bytes());
    bool any = false;
    for (twin::AttributeView view; all.next(view);) any |= view.name == expires_at_ || view.expires_at.exists();
    if (!any) return true;
    const std::string id(record.id());
    record.each_attribute({}, [&](const twin::Attribute& attribute) {
      look_at(id, attribute);
      return true;
    });
    return true;
  });
  scanned_ = status.ok();
  return status;
}

base::Status Expiry::follow() {
  if (!scanned_) {
    if (auto status = scan(); !status.ok()) return status;
  }
  while (position_ < thread_.head()) {
    const auto commits = thread_.feed(position_);
    if (!commits.ok()) return commits.error();
    if (commits->empty()) break;
    for (const auto& commit : *commits) {
      position_ = commit->offset;
      if (commit->branch != thread::main_branch) continue;
      for (const twin::Fact& fact : commit->facts) {
        if (fact.kind == twin::Fact::Kind::attribute_set) look_at(fact.entity_id, fact.attribute);
      }
    }
  }
  return {};
}

// What ends the item, if it still is past its time: the record may have moved on since.
bool Expiry::change_for(const Item& item, Instant now, Change& change) const {
  const auto& [id, name, wanted_dataset] = item;
  const auto record = thread_.snapshot().find(id);
  if (!record.ok() || !*record || record->ended()) return false;
  change.entity_id = id;
  change.only_at = record->offset();
  if (name == expires_at_) {
    change.kind = Change::Kind::remove;
    return is_over(*record, now);
  }
  change.kind = Change::Kind::remove_attribute;
  change.attribute_name = name;
  change.dataset = wanted_dataset;
  bool is_due = false;
  record->each_attribute(name, [&, dataset = wanted_dataset](const twin::Attribute& attribute) {
    if (attribute.dataset != dataset) return true;
    is_due = attribute.expires_at.exists() && attribute.expires_at <= now;
    return false;
  });
  return is_due;
}

// Takes out what is due: the changes that end it, and the items that they stand for.
std::vector<std::pair<Instant, Expiry::Item>> Expiry::take_due(Instant now, std::vector<Change>& changes) {
  std::vector<std::pair<Instant, Item>> taken;
  while (changes.size() < changes_at_once && !ordered_.empty() && ordered_.begin()->first <= now) {
    auto due = ordered_.extract(ordered_.begin()).value();
    times_.erase(due.second);
    Change change;
    if (!change_for(due.second, now, change)) continue;
    changes.push_back(std::move(change));
    taken.push_back(std::move(due));
  }
  return taken;
}

base::Result<size_t> Expiry::sweep(Instant now) {
  const std::lock_guard lock(mutex_);
  if (auto status = follow(); !status.ok()) return status.error();
  size_t ended = 0;
  for (bool goes_on = true; goes_on;) {
    thread::ChangeSet set;
    set.author = "expiry";
    auto items = take_due(now, set.changes);
    if (items.empty()) break;
    const auto outcomes = thread_.append(std::move(set));
    const size_t before = ended;
    for (size_t i = 0; i < items.size(); ++i) {
      if (outcomes.ok() && (*outcomes)[i].ok()) {
        ++ended;
      } else if (times_.try_emplace(items[i].second, items[i].first).second) {
        // Changed by somebody else in between, or not written: looked at again.
        ordered_.insert(std::move(items[i]));
      }
    }
    if (!outcomes.ok()) return outcomes.error();
    goes_on = ended > before;
  }
  earliest_us_.store(ordered_.empty() ? std::numeric_limits<int64_t>::max() : ordered_.begin()->first.microseconds,
                     std::memory_order_relaxed);
  return ended;
}

}  // namespace cityloom::serve::ngsi_ld
