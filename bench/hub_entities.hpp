// The entities of 1 KB that the benches of the hub write.
#pragma once

#include <string>

namespace cityloom::bench {

/// Of about 1,024 bytes of JSON; `version` changes its values.
std::string hub_entity(int number, int version = 0);
/// Its id.
std::string hub_entity_id(int number);
/// A JSON array of `count` of them from `first` on.
std::string hub_batch(int first, int count, int version = 0);

}  // namespace cityloom::bench
