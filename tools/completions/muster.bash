# Completion of muster for bash: verbs, options, and names of services, instances and sources, asked of musterd as they are now.
# Source it, or put it where bash-completion looks: /usr/share/bash-completion/completions/muster

_muster_verbs="run register deregister drain weight up down auto list show watch explain lookup source cache reload stats dump check-config export import install-resolver"
_muster_common="--server --token-file --ca-file --cert-file --key-file --json --help --version"

# The first column of a table, asked with the same server and token as the line being typed.
_muster_ask() {
  muster "${_muster_access[@]}" "$@" 2>/dev/null | sed -e 1d -e 's/ .*//'
}

_muster_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$_muster_word")
}

_muster() {
  local _muster_word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb="" service="" place=0 at
  local -a _muster_access=()
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    case ${COMP_WORDS[at]} in
      --server | --token-file | --ca-file | --cert-file | --key-file)
        ((at + 1 < COMP_CWORD)) && _muster_access+=("${COMP_WORDS[at]}" "${COMP_WORDS[at + 1]}")
        ((at++)) ;;
      --id | --weight | --priority | --tag | --property | --task | --lease | --port-name | --generation | --as | --port | --address | --discard | --client | --output | --reload | --runtime-socket | --validate | --min-interval | --bind | --service | --group | --names | --vhosts | --stats | --stats-auth-file | --kind | --domain | --root | --file) ((at++)) ;;
      -*) ;;
      *)
        if [[ -z $verb ]]; then verb=${COMP_WORDS[at]}; else ((place++)); fi
        ((place == 1)) && [[ -z $service ]] && service=${COMP_WORDS[at]} ;;
    esac
  done
  case $previous in
    --token-file | --ca-file | --cert-file | --key-file | --output | --runtime-socket | --stats-auth-file | --root | --file) mapfile -t COMPREPLY < <(compgen -f -- "$_muster_word"); return ;;
    --as) _muster_words "$(_muster_ask list)"; return ;;
    --names) _muster_words "label bridge"; return ;;
    --kind) _muster_words "resolv.conf systemd-resolved networkmanager resolvconf unbound dnsmasq coredns"; return ;;
    --service) _muster_words "$(_muster_ask list)"; return ;;
    --reload | --validate | --min-interval | --bind | --group | --vhosts | --stats | --domain) return ;;
    --server | --id | --weight | --priority | --tag | --property | --task | --lease | --port-name | --generation | --port | --address | --discard | --client) return ;;
  esac
  if [[ $_muster_word == -* ]]; then
    case $verb in
      run) _muster_words "--as --port --address --id --lease --weight --tag --task $_muster_common" ;;
      register) _muster_words "--id --weight --priority --tag --property --prefix --task --lease --port-name --generation --hold $_muster_common" ;;
      drain) _muster_words "--undo --wait $_muster_common" ;;
      reload) _muster_words "--discard $_muster_common" ;;
      explain) _muster_words "--client $_muster_common" ;;
      export) _muster_words "--output --watch --reload --runtime-socket --validate --no-validate --min-interval --bind --service --group --strict --port --names --http-checks --vhosts --fragment --stats --stats-auth-file $_muster_common" ;;
      install-resolver) _muster_words "--kind --domain --address --apply --undo --no-reload --reload --force --root --file $_muster_common" ;;
      *) _muster_words "$_muster_common" ;;
    esac
    return
  fi
  if [[ -z $verb ]]; then
    _muster_words "$_muster_verbs"
    return
  fi
  case $verb:$place in
    register:0 | deregister:0 | drain:0 | weight:0 | up:0 | down:0 | auto:0 | show:0 | list:0 | watch:0) _muster_words "$(_muster_ask list)" ;;
    deregister:1 | drain:1 | weight:1 | up:1 | down:1 | auto:1) _muster_words "$(_muster_ask show "$service")" ;;
    lookup:1 | explain:1) _muster_words "A AAAA SRV TXT PTR SOA NS" ;;
    source:0) _muster_words "list show resync accept" ;;
    source:1) [[ $service == list ]] || _muster_words "$(_muster_ask source list)" ;;
    cache:0) _muster_words "flush" ;;
    export:0) _muster_words "haproxy" ;;
    import:0) _muster_words "mesos-dns ultraesb" ;;
    check-config:0 | import:1) mapfile -t COMPREPLY < <(compgen -f -- "$_muster_word") ;;
  esac
}

complete -o filenames -F _muster muster
