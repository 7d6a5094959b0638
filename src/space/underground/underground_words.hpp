// What the answers about the ground say in words, in Korean and English.
#pragma once

#include <string>
#include <string_view>

#include "space/underground/dig.hpp"

namespace cityloom::space {

enum class Language : uint8_t { english, korean };

/// From "ko", "ko-KR,ko;q=0.9,en;q=0.8" or the like; English unless Korean comes first.
Language language_of(std::string_view text);

/// "Gas pipe", "가스관": by type and network.
std::string label_of(const Buried& buried, Language language);

/// The thing's own name in this language, else any; "" if it has none.
std::string own_name_of(const Buried& buried, Language language);

/// "Ø 300 mm PE, 1.2 m deep, PAS128:B2, 1998": what is known, in one line.
std::string detail_of(const DigObject& object, Language language);

/// A sentence for something that is not known.
std::string sentence_of(const NotKnown& not_known, Language language);

/// The colour in which a network is drawn, as "#RRGGBB": the colours of Korean utility maps.
std::string_view colour_of(std::string_view network);

}  // namespace cityloom::space
