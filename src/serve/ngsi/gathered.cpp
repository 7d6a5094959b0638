// What sources gave, and the pages made of it.
#include "serve/ngsi/gathering.hpp"

#include <algorithm>

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;

constexpr size_t past_instances_max = 500'000;  // that one request takes from all sources

// A name that was new here when a source gave it may have been written here since: then it has the tenant's number.
void settle(const twin::TermTable& terms, std::vector<twin::Term>& types) {
  for (twin::Term& type : types) type = terms.settled(type);
}

void settle(const twin::TermTable& terms, twin::Attribute& attribute) {
  for (twin::Term* term : {&attribute.name, &attribute.dataset, &attribute.unit}) *term = terms.settled(*term);
  for (twin::Attribute& member : attribute.members) settle(terms, member);
}

twin::Entity settled(const twin::TermTable& terms, twin::Entity entity) {
  settle(terms, entity.types);
  for (twin::Attribute& attribute : entity.attributes) settle(terms, attribute);
  return entity;
}

}  // namespace

// What sources write must not fill the tenant's own table.
Gathered::Gathered(const TenantState& tenant, const ngsi::ContextPointer& context)
    : terms_(&tenant.thread->terms()),
      names_(std::make_shared<const ngsi::Names>(context, terms_)),
      expires_at_(tenant.internal.expires_at) {}

Gathered::FromSource& Gathered::source(size_t index) {
  any_source_ = true;
  if (index >= sources_.size()) sources_.resize(index + 1);
  return sources_[index];
}

void Gathered::add(size_t source_index, const ngsi::Registration& registration, twin::Entity part) {
  auto& parts = parts_[part.id];
  source(source_index).ids.push_back(part.id);
  parts.push_back({registration.id, std::move(part), registration.mode == ngsi::SourceMode::auxiliary});
}

std::vector<std::string> Gathered::holders_of(std::string_view id) const {
  std::vector<std::string> holders;
  const auto add = [&](const std::string& holder) {
    const bool is_known = holder.empty() || std::find(holders.begin(), holders.end(), holder) != holders.end();
    if (!is_known) holders.push_back(holder);
  };
  if (const auto found = parts_.find(id); found != parts_.end()) {
    for (const Part& part : found->second) add(part.registration);
  }
  if (const auto found = pasts_.find(id); found != pasts_.end()) {
    for (const Past& past : found->second) add(past.registration);
  }
  return holders;
}

void Gathered::add_linked(twin::Entity part, bool auxiliary) {
  auto& parts = parts_[part.id];
  parts.push_back({{}, std::move(part), auxiliary});
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

std::vector<Gathered::Past> Gathered::pasts_of(std::string_view id) const {
  const auto found = pasts_.find(id);
  if (found == pasts_.end()) return {};
  auto pasts = found->second;
  for (Past& past : pasts) {
    settle(terms_, past.told.types);
    for (thread::AttributeHistory& history : past.told.attributes) {
      history.name = terms_.settled(history.name);
      history.dataset = terms_.settled(history.dataset);
      for (thread::PastAttribute& instance : history.instances) settle(terms_, instance);
    }
  }
  return pasts;
}

size_t Gathered::held() const {
  size_t held = past_instances_;
  for (const FromSource& source : sources_) held += source.ids.size();
  return held;
}

base::Result<twin::EntityRecord> Gathered::entity(std::string_view id, const twin::EntityRecord& here,
                                                  base::Instant now) const {
  const auto found = parts_.find(id);
  if (found == parts_.end()) return here;
  ngsi::EntityMerger merger(expires_at_);
  if (here) merger.add(here.unpack());
  for (const Part& part : found->second) {
    if (part.auxiliary) {
      merger.add_auxiliary(settled(terms_, part.entity));
    } else {
      merger.add(settled(terms_, part.entity));
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
