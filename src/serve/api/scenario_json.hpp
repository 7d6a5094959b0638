// Scenarios and their changes as JSON, and what clients send of them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ngsi/names.hpp"
#include "serve/api/scenario_changes.hpp"
#include "serve/api/scenario_store.hpp"
#include "serve/json.hpp"

namespace cityloom::serve {

/// Writes a scenario; `in_full`: with its steps and comments.
void write_scenario(JsonText& json, const thread::Thread& thread, const Scenario& scenario, bool in_full);

/// Writes a change: what the entity was and is, attribute by attribute, normalized as NGSI-LD has it.
void write_change(JsonText& json, const EntityChange& change, const ngsi::Names& names);

/// What a member of a body may be.
struct TextMember {
  std::string_view name;
  size_t characters_max = 0;
  bool required = false;   ///< and not empty
  bool is_moment = false;  ///< a text or an offset
};

/// The texts of a JSON object that holds nothing but these members. Errors: invalid, too_large.
base::Result<std::map<std::string, std::string, std::less<>>> read_texts(std::string_view body,
                                                                         const std::vector<TextMember>& members);

/// JSON Schemas of the doors, by name.
const std::vector<std::pair<std::string, std::string>>& scenario_schemas();

}  // namespace cityloom::serve
