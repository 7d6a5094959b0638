#include "ngsi/linked.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "ngsi/syntax.hpp"
#include "twin/packed.hpp"

namespace cityloom::ngsi {

using base::Code;
using base::fail;

base::Result<std::optional<Join>> parse_join(const JoinParameters& parameters) {
  if (!parameters.join || *parameters.join == "@none") return std::optional<Join>();
  Join join;
  join.is_flat = *parameters.join == "flat";
  if (!join.is_flat && *parameters.join != "inline")
    return fail(Code::invalid, "not a way to join: " + parameters.join->substr(0, 40), "join",
                "use inline, flat or @none");
  if (parameters.join_level) {
    const std::string& text = *parameters.join_level;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), join.levels);
    if (failure != std::errc() || end != text.data() + text.size() || join.levels == 0 ||
        join.levels > join_level_max) {
      return fail(Code::invalid, "must be a whole number from 1 to " + std::to_string(join_level_max), "joinLevel");
    }
  }
  if (parameters.contained_by) {
    for (std::string_view rest = *parameters.contained_by; !rest.empty();) {
      const size_t end = std::min(rest.find(','), rest.size());
      const std::string_view id = rest.substr(0, end);
      if (!is_uri(id)) return fail(Code::invalid, "must be URIs, with commas between", "containedBy");
      join.contained_by.emplace_back(id);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return std::optional(std::move(join));
}

base::Status check_projection(const Projection& projection, const std::optional<Join>& join) {
  const unsigned depth = projection.depth();
  if (depth == 0 || (join && depth <= join->levels)) return {};
  if (!join)
    return fail(Code::invalid, "members of linked entities need join, which was not asked for", "pick",
                "add join=inline or join=flat");
  return fail(Code::invalid, "members of entities further away than joinLevel are asked for", "pick",
              "add joinLevel=" + std::to_string(depth));
}

std::vector<std::string> targets_of(const twin::AttributeView& view) {
  using ValueKind = twin::AttributeView::ValueKind;
  std::vector<std::string> ids;
  if (view.kind != twin::AttributeKind::relationship && view.kind != twin::AttributeKind::list_relationship) return ids;
  if (view.value_kind == ValueKind::string) ids.emplace_back(view.text);
  if (view.value_kind != ValueKind::json) return ids;
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(simdjson::padded_string(view.text)).get(array) != simdjson::SUCCESS) return ids;
  for (const auto element : array) {
    std::string_view id;
    if (element.get(id) == simdjson::SUCCESS) ids.emplace_back(id);
  }
  return ids;
}

std::optional<twin::EntityRecord> LinkedEntities::look_up(std::string_view id) {
  if (!status_) return {};
  auto found = find_(id);
  if (!found) status_ = found.error();
  if (!found || !found->exists()) return {};
  if (++given_ > linked_entities_max) {
    status_ = fail(Code::too_complex, "more than " + std::to_string(linked_entities_max) + " linked entities", "join",
                   "ask for fewer entities at a time, or a smaller joinLevel");
    return {};
  }
  return std::move(*found);
}

std::optional<twin::EntityRecord> LinkedEntities::enter(std::string_view id) {
  const auto holds = [&](const std::vector<std::string>& ids) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  if (way_.size() > join_.levels || holds(way_) || holds(join_.contained_by)) return {};
  auto found = look_up(id);
  if (found) way_.emplace_back(id);
  return found;
}

Representation LinkedEntities::representation(const Projection& outer, twin::Term link) const {
  Representation how = how_;
  if (const Projection* inner = outer.of_link(link)) how.projection = *inner;
  return how;
}

std::vector<LinkedRecord> LinkedEntities::beside(const std::vector<twin::EntityRecord>& linking,
                                                 const Projection& projection) {
  std::set<std::string, std::less<>> encountered(join_.contained_by.begin(), join_.contained_by.end());
  std::vector<LinkedRecord> near;
  for (const twin::EntityRecord& record : linking) {
    encountered.emplace(record.id());
    near.push_back({record, &projection});
  }
  std::vector<LinkedRecord> all;
  for (unsigned level = 0; level < join_.levels && !near.empty(); ++level) {
    std::vector<LinkedRecord> next;
    for (const LinkedRecord& from : near) {
      twin::PackedAttributes attributes(from.record.attributes_bytes());
      for (twin::AttributeView view; attributes.next(view);) {
        if (from.projection != nullptr && !from.projection->writes(view.name)) continue;
        const Projection* inner = from.projection != nullptr ? from.projection->of_link(view.name) : nullptr;
        for (const std::string& id : targets_of(view)) {
          if (!encountered.insert(id).second) continue;
          if (auto found = look_up(id)) next.push_back({std::move(*found), inner});
        }
      }
    }
    all.insert(all.end(), next.begin(), next.end());
    near = std::move(next);
  }
  return all;
}

}  // namespace cityloom::ngsi
