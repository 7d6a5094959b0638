// The names of the families, as back ends store them.
#include "thread/store.hpp"

namespace cityloom::thread {

std::string_view name_of(Family family) {
  constexpr std::array<std::string_view, family_count> names = {"commits", "terms",     "settings", "views", "latest",
                                                                "series",  "summaries", "ever",     "assets"};
  return names.at(static_cast<size_t>(family));
}

}  // namespace cityloom::thread
