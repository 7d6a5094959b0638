// Linked entities looked up here first; what sources may have of them is noted.
#include "serve/ngsi/linked_lookup.hpp"

#include "ngsi/json.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {

using base::Code;
using base::Result;
using twin::EntityRecord;

LinkedLookup::LinkedLookup(const Call& call, const Reading& reading, const TenantState& tenant)
    : call_(call), reading_(reading), tenant_(tenant) {
  if (stays_here(call, tenant)) return;
  auto way = way_on(call.services(), tenant, call.request().joined_header("Via"));
  is_local_ = !way.has_value();
  if (way) way_ = std::move(*way);
}

// Notes the entity if sources may have it, or more of it, and were not asked yet.
base::Status LinkedLookup::note(std::string_view id, const EntityRecord& here) {
  if (is_local_ || is_internal_id(id) || !noted_.emplace(id).second) return {};
  const size_t asked = call_.gathered() == nullptr ? 0 : call_.gathered()->linked_count();
  if (call_.gathered() != nullptr && call_.gathered()->has_asked_for(id)) return {};
  ngsi::SourceQuery query;
  query.ids = {std::string(id)};
  if (here) {
    for (const twin::Term type : here.types()) query.types.push_back({std::string(tenant_.thread->terms().text(type))});
  }
  auto sources = sources_for(call_, tenant_, query, way_);
  if (!sources.ok()) return sources.error();
  std::erase_if(*sources, [](const SourcePointer& source) { return !gives_linked(source->registration()); });
  if (sources->empty()) return {};
  if (asked + unasked_.size() >= Gathered::linked_max) {
    return base::fail(
        Code::too_complex,
        "more than " + std::to_string(Gathered::linked_max) + " linked entities would have to be asked for elsewhere",
        {}, "ask for fewer entities at a time, or with local=true");
  }
  unasked_.push_back({std::string(id), std::move(*sources)});
  return {};
}

Result<EntityRecord> LinkedLookup::look_up(std::string_view id) {
  const thread::Bounds bounds = call_.bounds();
  if (bounds.goes_on && !bounds.goes_on()) return base::fail(Code::cancelled, "the time is over");
  auto found = reading_.snapshot.find(id);
  if (found.ok() && !is_there(call_, reading_, tenant_, *found)) return EntityRecord();
  return found;
}

Result<EntityRecord> LinkedLookup::find(std::string_view id) {
  const auto here = look_up(id);
  if (!here.ok()) return here;
  if (auto noted = note(id, *here); !noted.ok() && left_out_.ok()) left_out_ = std::move(noted);
  return call_.gathered() == nullptr ? here : call_.gathered()->entity(id, *here, call_.services().clock.now());
}

Result<EntityRecord> LinkedLookup::find_for_condition(std::string_view id) {
  const auto here = look_up(id);
  if (!here.ok()) return here;
  if (const auto noted = note(id, *here); !noted.ok()) return noted.error();
  return call_.gathered() == nullptr ? here : call_.gathered()->entity(id, *here, call_.services().clock.now());
}

void LinkedLookup::add_warnings(Response& response) const {
  if (left_out_.ok()) return;
  std::string text = "199 cityloom ";
  ngsi::append_quoted("linked entities were left out: " + left_out_.error().what, text);
  response.header("NGSILD-Warning", text);
}

}  // namespace cityloom::serve::ngsi_ld
