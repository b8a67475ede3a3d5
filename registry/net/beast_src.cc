// The one translation unit that compiles Beast (BOOST_BEAST_SEPARATE_COMPILATION elsewhere).
#include <boost/beast/src.hpp>
