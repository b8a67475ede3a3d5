# Completion of muster for fish: verbs, options, and names of services, instances and sources, asked of musterd as they are now.
# Put it into ~/.config/fish/completions.

function __muster_ask
    muster $argv 2>/dev/null | sed -e 1d -e 's/ .*//'
end

# The words after the verb that are no options.
function __muster_words
    string match --invert -- '-*' (commandline --tokenize --cut-at-cursor --current-process)[3..]
end

function __muster_at
    test (count (__muster_words)) -eq $argv[1]
end

set --local verbs run register deregister drain weight up down auto list show watch explain lookup source cache reload stats dump check-config export import install-resolver
set --local of_instances deregister drain weight up down auto

complete --command muster --no-files
complete --command muster --condition "not __fish_seen_subcommand_from $verbs" --arguments "$verbs"
complete --command muster --long-option server --require-parameter --description "HTTP address of musterd"
complete --command muster --long-option token-file --require-parameter --force-files --description "file with the access token"
complete --command muster --long-option ca-file --require-parameter --force-files --description "certificates to trust"
complete --command muster --long-option cert-file --require-parameter --force-files --description "certificate to show"
complete --command muster --long-option key-file --require-parameter --force-files --description "its key"
complete --command muster --long-option json --description "print JSON"
complete --command muster --condition "__fish_seen_subcommand_from register list show watch $of_instances; and not __fish_seen_subcommand_from source; and __muster_at 0" \
    --arguments "(__muster_ask list)"
complete --command muster --condition "__fish_seen_subcommand_from $of_instances; and __muster_at 1" \
    --arguments "(__muster_ask show (__muster_words)[1])"
complete --command muster --condition "__fish_seen_subcommand_from lookup explain; and __muster_at 1" \
    --arguments "A AAAA SRV TXT PTR SOA NS"
complete --command muster --condition "__fish_seen_subcommand_from source; and __muster_at 0" --arguments "list show resync accept"
complete --command muster --condition "__fish_seen_subcommand_from source; and __muster_at 1; and not __fish_seen_subcommand_from list" \
    --arguments "(__muster_ask source list)"
complete --command muster --condition "__fish_seen_subcommand_from cache; and __muster_at 0" --arguments "flush"
complete --command muster --condition "__fish_seen_subcommand_from check-config" --force-files
complete --command muster --condition "__fish_seen_subcommand_from export; and __muster_at 0" --arguments "haproxy"
for option in output runtime-socket stats-auth-file
    complete --command muster --condition "__fish_seen_subcommand_from export" --long-option $option --require-parameter --force-files
end
for option in reload validate min-interval bind group vhosts stats
    complete --command muster --condition "__fish_seen_subcommand_from export" --long-option $option --require-parameter
end
for option in watch no-validate strict http-checks fragment
    complete --command muster --condition "__fish_seen_subcommand_from export" --long-option $option
end
complete --command muster --condition "__fish_seen_subcommand_from export" --long-option service --require-parameter --arguments "(__muster_ask list)"
complete --command muster --condition "__fish_seen_subcommand_from export" --long-option port --require-parameter --arguments "registered"
complete --command muster --condition "__fish_seen_subcommand_from export" --long-option names --require-parameter --arguments "label bridge"
complete --command muster --condition "__fish_seen_subcommand_from import; and __muster_at 0" --arguments "mesos-dns ultraesb"
complete --command muster --condition "__fish_seen_subcommand_from import; and __muster_at 1" --force-files
for option in id weight tag task lease
    complete --command muster --condition "__fish_seen_subcommand_from run register" --long-option $option --require-parameter
end
for option in priority property port-name generation
    complete --command muster --condition "__fish_seen_subcommand_from register" --long-option $option --require-parameter
end
complete --command muster --condition "__fish_seen_subcommand_from register" --long-option prefix --description "clients complete the URL"
complete --command muster --condition "__fish_seen_subcommand_from register" --long-option hold --description "stay and renew"
complete --command muster --condition "__fish_seen_subcommand_from run" --long-option as --require-parameter --arguments "(__muster_ask list)"
complete --command muster --condition "__fish_seen_subcommand_from run" --long-option port --require-parameter
complete --command muster --condition "__fish_seen_subcommand_from run" --long-option address --require-parameter
complete --command muster --condition "__fish_seen_subcommand_from drain" --long-option undo --description "back into the answers"
complete --command muster --condition "__fish_seen_subcommand_from drain" --long-option wait --description "sleep until it is safe"
complete --command muster --condition "__fish_seen_subcommand_from reload" --long-option discard --require-parameter
complete --command muster --condition "__fish_seen_subcommand_from explain" --long-option client --require-parameter
complete --command muster --condition "__fish_seen_subcommand_from install-resolver" --long-option kind --require-parameter \
    --arguments "resolv.conf systemd-resolved networkmanager resolvconf unbound dnsmasq coredns"
for option in domain address reload
    complete --command muster --condition "__fish_seen_subcommand_from install-resolver" --long-option $option --require-parameter
end
for option in root file
    complete --command muster --condition "__fish_seen_subcommand_from install-resolver" --long-option $option --require-parameter --force-files
end
for option in apply undo no-reload force
    complete --command muster --condition "__fish_seen_subcommand_from install-resolver" --long-option $option
end
