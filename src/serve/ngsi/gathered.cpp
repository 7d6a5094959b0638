// What sources gave, and the pages made of it.
#include "serve/ngsi/gathering.hpp"

#include <algorithm>

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;

constexpr size_t past_instances_max = 500'000;  // that one request takes from all sources

}  // namespace

// A copy of the tenant's names, with the same numbers: what sources write must not fill the tenant's own table. Some
// 100 ns a name.
Gathered::Gathered(const TenantState& tenant, const ngsi::ContextPointer& context)
    : names_(std::make_shared<const ngsi::Names>(context, terms_)), expires_at_(tenant.internal.expires_at) {
  const twin::TermTable& known = tenant.thread->terms();
  const uint32_t last = known.last();
  for (uint32_t number = twin::terms::reserved_count + 1; number <= last; ++number)
    (void)terms_.restore(twin::Term{number}, known.text(twin::Term{number}));
}

Gathered::FromSource& Gathered::source(size_t index) {
  any_source_ = true;
  if (index >= sources_.size()) sources_.resize(index + 1);
  return sources_[index];
}

void Gathered::add(size_t source_index, twin::Entity part, bool auxiliary) {
  auto& parts = parts_[part.id];
  source(source_index).ids.push_back(part.id);
  parts.push_back({std::move(part), auxiliary, source_index});
}

std::vector<std::string> Gathered::holders_of(std::string_view id) const {
  std::vector<std::string> holders;
  const auto found = parts_.find(id);
  if (found == parts_.end()) return holders;
  for (const Part& part : found->second) {
    if (!part.source) continue;
    const std::string& holder = sources_[*part.source].registration;
    if (std::find(holders.begin(), holders.end(), holder) == holders.end()) holders.push_back(holder);
  }
  return holders;
}

void Gathered::add_linked(twin::Entity part, bool auxiliary) {
  auto& parts = parts_[part.id];
  parts.push_back({std::move(part), auxiliary});
}

bool Gathered::begin_linked(std::string_view id) {
  if (linked_.contains(id)) return false;
  if (linked_.size() < linked_max) return linked_.emplace(id).second;
  const std::string what = "199 cityloom \"only the first " + std::to_string(linked_max) +
                           " linked entities that are not here were asked for elsewhere\"";
  if (std::find(warnings_.begin(), warnings_.end(), what) == warnings_.end()) warnings_.push_back(what);
  return false;
}

base::Status Gathered::add_past(size_t source_index, Past past) {
  for (const thread::AttributeHistory& history : past.told.attributes) past_instances_ += history.instances.size();
  if (past_instances_ > past_instances_max)
    return base::fail(Code::too_large,
                      "the sources tell more than " + std::to_string(past_instances_max) + " instances", past.told.id,
                      "ask for a shorter time, or fewer entities");
  source(source_index).ids.push_back(past.told.id);
  auto& parts = pasts_[past.told.id];
  parts.push_back(std::move(past));
  return {};
}

const std::vector<Gathered::Past>* Gathered::pasts_of(std::string_view id) const {
  const auto found = pasts_.find(id);
  return found == pasts_.end() ? nullptr : &found->second;
}

base::Result<twin::EntityRecord> Gathered::entity(std::string_view id, const twin::EntityRecord& here,
                                                  base::Instant now) const {
  const auto found = parts_.find(id);
  if (found == parts_.end()) return here;
  ngsi::EntityMerger merger(expires_at_);
  if (here) merger.add(here.unpack());
  for (const Part& part : found->second) {
    if (part.auxiliary) {
      merger.add_auxiliary(part.entity);
    } else {
      merger.add(part.entity);
    }
  }
  twin::Entity merged;
  const auto any = merger.merge(now, merged);
  if (!any.ok()) return any.error();
  if (!*any) return twin::EntityRecord();
  return twin::EntityRecord::pack(merged, here ? here.number() : twin::EntityNumber());
}

base::Result<thread::QueryResult> Gathered::page(
    const thread::QueryResult& here, const thread::Page& page,
    const std::function<base::Result<twin::EntityRecord>(std::string_view)>& find,
    const std::function<bool(const twin::EntityRecord&)>& wanted,
    const std::function<bool(const twin::EntityRecord&)>& is_counted_here, base::Instant now) const {
  thread::QueryResult result;
  std::set<std::string, std::less<>> seen;
  size_t position = 0;
  uint64_t besides = 0;  // what only sources have
  bool more = here.more;
  base::Status failed;
  // Takes an entity, once, into its place; false: the page is full.
  const auto take = [&](std::string_view id, const twin::EntityRecord& known) {
    if (!seen.emplace(id).second) return true;
    const auto kept = known ? base::Result<twin::EntityRecord>(known) : find(id);
    auto record = kept.ok() ? entity(id, *kept, now) : kept;
    if (!record.ok()) failed = record.error();
    if (!record.ok() || !*record || !wanted(*record)) return record.ok();
    if (!known && kept.ok() && *kept && is_counted_here(*kept) && here.more) return true;
    if (!known) ++besides;
    const size_t at = position++;
    if (at < page.offset) return true;
    if (result.records.size() == page.limit) {
      result.more = true;
      return page.count;
    }
    result.records.push_back(std::move(record).value());
    return true;
  };
  bool goes_on = true;
  for (const twin::EntityRecord& record : here.records) goes_on = goes_on && take(record.id(), record);
  uint64_t most = here.count;
  bool exact = true;
  for (const FromSource& source : sources_) {
    // Past one that has more to give, what the next one has comes later.
    for (const std::string& id : source.ids) goes_on = goes_on && (!more || page.count) && take(id, {});
    more = more || !source.complete;
    most += std::max<uint64_t>(source.count, source.ids.size());
    exact = exact && source.complete;
  }
  if (!failed.ok()) return failed.error();
  result.more = result.more || (more && !result.records.empty());
  result.count = !here.more && exact ? position : exact ? here.count + besides : most;
  return result;
}

void Gathered::add_warnings(Response& response) const {
  for (const std::string& warning : warnings_) response.header("NGSILD-Warning", warning);
}

}  // namespace cityloom::serve::ngsi_ld
